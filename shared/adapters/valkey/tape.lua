-- tape: puts one-second bars into the tape, by the rule of bars.lua. Where they are the first since the cache was empty, who
-- has built the index had not read them, nor has who is about to: it has to be built again.
-- KEYS[1] tape, KEYS[2] state, KEYS[3] epoch     ARGV 1 with the newest bars, else 0; second, JSON, second, JSON, ...
-- Returns {'kept'}
local bars = {}
for i = 2, #ARGV do bars[i - 1] = ARGV[i] end
put_bars(KEYS[1], bars)
if ARGV[1] == '1' and redis.call('HSETNX', KEYS[2], 'bars', '1') == 1 then
  redis.call('HDEL', KEYS[2], 'building')
  redis.call('DEL', KEYS[3])
end
return { 'kept' }

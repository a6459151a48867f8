-- tape: puts one-second bars into the tape, by the rule of bars.lua. Where they are the first of their writer since the cache
-- was empty, who has built the index had not read them, nor has who is about to: it has to be built again.
-- KEYS[1] tape, KEYS[2] state, KEYS[3] epoch
-- ARGV the writer's token; 1 with the newest bars, else 0; second, JSON, second, JSON, ...
-- Returns {'kept'}
local bars = {}
for i = 3, #ARGV do bars[i - 2] = ARGV[i] end
put_bars(KEYS[1], bars)
if ARGV[2] == '1' then
  local left = left_with(redis.call('HGET', KEYS[2], 'bars') or nil, ARGV[1])
  if left then
    redis.call('HSET', KEYS[2], 'bars', left)
    redis.call('HDEL', KEYS[2], 'building')
    redis.call('DEL', KEYS[3])
  end
end
return { 'kept' }

-- claim: a new writer of a symbol says that it is there, and learns how far the one before it has come. From then on no
-- batch of an earlier one is taken: what is known stays true until the new one writes.
-- KEYS[1] epoch, KEYS[2] state     ARGV token, fence
-- Returns {'claimed', last applied tick as JSON or ''} | {'rebuild'} | {'not_leader'}; nothing is written in the last two.
local token, fence = ARGV[1], tonumber(ARGV[2])
local writer = redis.call('HMGET', KEYS[2], 'fence', 'token', 'tick')
local known = tonumber(writer[1] or '-1')
if fence < known or (fence == known and writer[2] ~= token) then return { 'not_leader' } end
if redis.call('EXISTS', KEYS[1]) == 0 then return { 'rebuild' } end
if fence > known then
  redis.call('HSET', KEYS[2], 'fence', ARGV[2], 'token', token, 'batch', '0', 'part', '0')
end
return { 'claimed', writer[3] or '' }

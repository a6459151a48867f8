-- take: hands out visible hits, oldest first; each becomes visible again later, in the same order, unless it is settled.
-- KEYS[1] hits, KEYS[2] hit     ARGV limit, now (ms), visible again at (ms)
-- Returns the hits as JSON
local reply = {}
for i, key in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[2], 'LIMIT', 0, ARGV[1])) do
  redis.call('ZADD', KEYS[1], string.format('%.12f', ARGV[3] - 1 + math.min(i, 4096) / 4096), key)
  reply[#reply + 1] = redis.call('HGET', KEYS[2], key)
end
return reply

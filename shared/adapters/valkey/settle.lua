-- settle: removes hits for good.
-- KEYS[1] hits, KEYS[2] hit, KEYS[3] struck     ARGV (member, version) each
-- Returns {'settled', how many there were}
local settled = 0
for i = 1, #ARGV, 2 do
  local member, version = ARGV[i], ARGV[i + 1]
  local key = member .. '@' .. version
  redis.call('ZREM', KEYS[1], key)
  if redis.call('HDEL', KEYS[2], key) == 1 then
    settled = settled + 1
    local left = ','
    for v in string.gmatch(redis.call('HGET', KEYS[3], member) or '', '%d+') do
      if v ~= version then left = left .. v .. ',' end
    end
    if left == ',' then redis.call('HDEL', KEYS[3], member) else redis.call('HSET', KEYS[3], member, left) end
  end
end
return { 'settled', settled }

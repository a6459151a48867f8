-- hold: takes or renews a lease. Each change of hands gets a higher fencing number than all before: one more than
-- the last, and never below the server's time in ms, so that it also grows after the cache was lost.
-- KEYS[1] lease, KEYS[2] fence, KEYS[3] '<the last fence that was another holder's, or 0> <token of the last holder>'
-- ARGV token, time to live (ms)
-- Returns {'held', fence, the last fence that was another one's, or 0} | {'other'}
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return { 'other' } end
local fence = tonumber(redis.call('GET', KEYS[2]) or '0')
local before, last = string.match(redis.call('GET', KEYS[3]) or '', '^(%d+) (.*)$')
local other = tonumber(before or '0')
if fence > 0 and last ~= ARGV[1] then other = fence end
if not holder or fence == 0 then
  local time = redis.call('TIME')
  fence = math.max(fence + 1, tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000))
  redis.call('SET', KEYS[2], string.format('%.0f', fence))
  redis.call('SET', KEYS[3], string.format('%.0f ', other) .. ARGV[1])
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return { 'held', string.format('%.0f', fence), string.format('%.0f', other) }

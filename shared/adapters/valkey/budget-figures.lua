-- budget-figures: the weight's windows as they stand. Changes nothing: who looks may not know the venue's time.
-- KEYS[1] limits, KEYS[2] blocks, KEYS[3] weight     ARGV now, assumed limits (name, limit)...
-- Returns {blocked until, reason, 'assumed' | 'learnt', (window ms, limit, used, resets at)...}
local now = tonumber(ARGV[1])
local assumed = {}
for i = 2, #ARGV do assumed[#assumed + 1] = ARGV[i] end
local limits, guessed = limits_of('REQUEST_WEIGHT', KEYS[1], assumed)
local reply = {
  redis.call('HGET', KEYS[2], 'until') or '0',
  redis.call('HGET', KEYS[2], 'reason') or '',
  guessed and 'assumed' or 'learnt',
}
for ms, limit in pairs(limits) do
  local start = window(now - GUARD, tonumber(ms))
  local stored = number(redis.call('HGET', KEYS[3], ms .. ':start'))
  -- Of a window that is over only what is under way still counts.
  local count = stored < start and number(redis.call('HGET', KEYS[3], 'fly')) or used(KEYS[3], ms)
  for _, value in ipairs({ ms, text(limit), text(count), text(math.max(start, stored) + tonumber(ms)) }) do
    reply[#reply + 1] = value
  end
end
return reply

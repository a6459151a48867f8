-- budget-figures: the weight's windows as they stand.
-- KEYS[1] limits, KEYS[2] blocks, KEYS[3] weight, KEYS[4] its flying set     ARGV now, assumed limits (name, limit)...
-- Returns {blocked until, reason, 'assumed' | 'learnt', (window ms, limit, used, resets at)...}
local now = tonumber(ARGV[1])
local assumed = {}
for i = 2, #ARGV do assumed[#assumed + 1] = ARGV[i] end
local limits, guessed = limits_of('REQUEST_WEIGHT', KEYS[1], assumed)
local starts = refresh(KEYS[3], KEYS[4], limits, now)
local reply = {
  redis.call('HGET', KEYS[2], 'until') or '0',
  redis.call('HGET', KEYS[2], 'reason') or '',
  guessed and 'assumed' or 'learnt',
}
for ms, limit in pairs(limits) do
  for _, value in ipairs({ ms, text(limit), text(used(KEYS[3], ms)), text(starts[ms] + tonumber(ms)) }) do
    reply[#reply + 1] = value
  end
end
return reply

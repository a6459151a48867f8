-- budget-correct: settles a call by its answer.
-- KEYS[1] limits, KEYS[2] weight, KEYS[3] its flying set, KEYS[4] raw, KEYS[5] its flying set,
-- KEYS[6] the account's orders, KEYS[7] its flying set (both only with an account)
-- ARGV token ('' = none was taken), weight, orders, 'unsent' | 'free' | 'charged', at (venue time of the answer), now, how many
-- assumed limits, (name, limit) each, then heads: ('weight' | 'orders', window ms, count) each
-- Returns {'corrected'}
local token, at, now = ARGV[1], tonumber(ARGV[5]), tonumber(ARGV[6])
local unsent = ARGV[4] == 'unsent'
local free = unsent or ARGV[4] == 'free'
local assumed, heads = {}, { weight = {}, orders = {} }
local first = 8 + 2 * tonumber(ARGV[7])
for i = 8, first - 1 do assumed[#assumed + 1] = ARGV[i] end
for i = first, #ARGV, 3 do heads[ARGV[i]][ARGV[i + 1]] = tonumber(ARGV[i + 2]) end

local function finish(kind, bucket, flying, amount, is_free, its_heads)
  local call = { token = token, amount = amount, free = is_free }
  settle(bucket, flying, limits_of(kind, KEYS[1], assumed), call, its_heads, at, now)
end
finish('REQUEST_WEIGHT', KEYS[2], KEYS[3], tonumber(ARGV[2]), free, heads.weight)
finish('RAW_REQUESTS', KEYS[4], KEYS[5], 1, unsent, {})
-- An order counts also where its call cost no weight.
if KEYS[6] then finish('ORDERS', KEYS[6], KEYS[7], tonumber(ARGV[3]), unsent, heads.orders) end
return { 'corrected' }

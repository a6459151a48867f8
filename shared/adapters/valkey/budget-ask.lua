-- budget-ask: takes the right to make one call, or says until when there is none.
-- KEYS[1] limits, KEYS[2] blocks, KEYS[3] weight, KEYS[4] its flying set, KEYS[5] raw, KEYS[6] its flying set,
-- KEYS[7] the account's orders, KEYS[8] its flying set (both only when it places)
-- ARGV token, now (venue time, ms), weight, orders, share (percent of each limit), assumed limits (name, limit)...
-- Returns {'granted'} | {'blocked', until, reason} | {'orders_blocked', until} | {'weight'|'orders', full until}
local token, now, share = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[5])
local weight, orders = tonumber(ARGV[3]), tonumber(ARGV[4])
local assumed = {}
for i = 6, #ARGV do assumed[#assumed + 1] = ARGV[i] end

local blocked = number(redis.call('HGET', KEYS[2], 'until'))
if blocked > now then return { 'blocked', text(blocked), redis.call('HGET', KEYS[2], 'reason') } end

local calls = {
  { kind = 'REQUEST_WEIGHT', word = 'weight', bucket = KEYS[3], flying = KEYS[4], amount = weight },
  { kind = 'RAW_REQUESTS', word = 'weight', bucket = KEYS[5], flying = KEYS[6], amount = 1 },
}
if orders > 0 then
  local account = number(redis.call('HGET', KEYS[7], 'blocked_until'))
  if account > now then return { 'orders_blocked', text(account) } end
  calls[3] = { kind = 'ORDERS', word = 'orders', bucket = KEYS[7], flying = KEYS[8], amount = orders }
end
for _, call in ipairs(calls) do
  local limits = limits_of(call.kind, KEYS[1], assumed)
  local starts = refresh(call.bucket, call.flying, limits, now)
  local till = full_until(call.bucket, limits, starts, call.amount, share)
  if till then return { call.word, text(till) } end
end
for _, call in ipairs(calls) do
  if call.amount > 0 then take(call.bucket, call.flying, token, call.amount, now) end
end
return { 'granted' }

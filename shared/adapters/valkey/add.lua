-- add: adds decimal text to a counter, digit by digit, so that a sum of money stays exact (INCRBYFLOAT does not).
-- KEYS[1] counter     ARGV decimal text
-- Returns {'added', sum} | {'no_decimal'} when what stands there is none; nothing is written then
local function parts_of(text)
  local sign, whole, fraction = string.match(text, '^(%-?)(%d+)%.(%d+)$')
  if not sign then sign, whole = string.match(text, '^(%-?)(%d+)$') end
  return sign and { negative = sign == '-', whole = whole, fraction = fraction or '' }
end

local a = parts_of(redis.call('GET', KEYS[1]) or '0')
local b = parts_of(ARGV[1])
if not a or not b then return { 'no_decimal' } end

local wholes = math.max(#a.whole, #b.whole) + 1
local fractions = math.max(#a.fraction, #b.fraction)
local function aligned(n)
  return string.rep('0', wholes - #n.whole) .. n.whole .. n.fraction .. string.rep('0', fractions - #n.fraction)
end
local x, y = aligned(a), aligned(b)
local negative, step = a.negative, 1
if a.negative ~= b.negative then
  step = -1
  if x < y then x, y, negative = y, x, b.negative end
end

local digits, carry = {}, 0
for i = #x, 1, -1 do
  local sum = string.byte(x, i) - 48 + step * (string.byte(y, i) - 48) + carry
  carry = 0
  if sum > 9 then sum, carry = sum - 10, 1 end
  if sum < 0 then sum, carry = sum + 10, -1 end
  digits[i] = sum
end
local all = table.concat(digits)
local whole = string.match(string.sub(all, 1, wholes), '^0*(%d+)$')
local fraction = string.match(string.sub(all, wholes + 1), '^(%d-)0*$')
local text = fraction == '' and whole or whole .. '.' .. fraction
if negative and text ~= '0' then text = '-' .. text end

local ttl = redis.call('PTTL', KEYS[1])
if ttl > 0 then
  redis.call('SET', KEYS[1], text, 'PX', ttl)
else
  redis.call('SET', KEYS[1], text)
end
return { 'added', text }

-- budget: what the scripts of the rate budget share (docs/rate-budget.md).
-- A bucket is one limiter's counts: a hash with, for each of its windows <ms> (fixed, aligned to venue time),
--   <ms>:start    of the window that the counts are of
--   <ms>:head     the venue's own count, from the headers of an answer; <ms>:head_at when that answer was made
--   <ms>:own      what no header has told of yet: calls whose answer was lost or had none; <ms>:own_at the last one
-- and, over all windows, `fly`: the sum of what is under way. Each call under way is a member `token:amount` of the
-- bucket's flying set, scored by its start: it counts in every window, for it may arrive in any.
-- used = head + own + fly.
local LIFE = 30000 -- a call that nobody has settled by then is lost: it is no longer under way, but it counts
local SLACK = 2000 -- by so much may an answer be overtaken by a later one
local GUARD = 100 -- the beginning of a window is still the old one's: the venue's clock may be a little behind
local FAR = 600000 -- no clock in use is wrong by more, and no answer this late
local KEEP = 172800000

local function text(n) return string.format('%.0f', n) end
local function number(v) return tonumber(v or '0') end

-- Limits of one limiter, window ms -> limit, from what exchangeInfo said, else from `assumed` (name, limit, ...).
local function limits_of(kind, key, assumed)
  local known = redis.call('HGETALL', key)
  local from = #known > 0 and known or assumed
  local limits = {}
  for i = 1, #from, 2 do
    local name, ms = string.match(from[i], '^([%w_]+):(%d+)$')
    if name == kind then limits[ms] = tonumber(from[i + 1]) end
  end
  return limits, #known == 0
end

-- Begins a window anew.
local function open_window(bucket, ms, start)
  redis.call('HSET', bucket, ms .. ':start', text(start))
  for _, field in ipairs({ ':head', ':head_at', ':own', ':own_at' }) do
    redis.call('HSET', bucket, ms .. field, '0')
  end
  return start
end

-- Brings a window to the time `start` is of; answers the start of the window that its counts are of.
local function roll(bucket, ms, start)
  local stored = number(redis.call('HGET', bucket, ms .. ':start'))
  -- A start far ahead was set by a clock that was wrong: it would hold all counts for as long as it was wrong.
  if start <= stored and stored <= start + math.max(2 * ms, FAR) then return stored end
  return open_window(bucket, ms, start)
end

local function window(now, ms) return now - now % ms end

local function add_own(bucket, ms, amount, now)
  redis.call('HINCRBY', bucket, ms .. ':own', text(amount))
  redis.call('HSET', bucket, ms .. ':own_at', text(now))
end

-- Rolls all windows, and counts what was lost as done in those in which it can have arrived.
local function refresh(bucket, flying, limits, now)
  local found = redis.call('ZRANGEBYSCORE', flying, '-inf', text(now - LIFE), 'WITHSCORES')
  local lost, calls = 0, {}
  for i = 1, #found, 2 do
    local amount = tonumber(string.match(found[i], ':(%d+)$'))
    calls[#calls + 1] = { amount = amount, gone = tonumber(found[i + 1]) + LIFE }
    lost = lost + amount
    redis.call('ZREM', flying, found[i])
  end
  local starts = {}
  for ms in pairs(limits) do
    starts[ms] = roll(bucket, ms, window(now - GUARD, tonumber(ms)))
    local own = 0
    for _, call in ipairs(calls) do
      if call.gone > starts[ms] then own = own + call.amount end
    end
    if own > 0 then add_own(bucket, ms, own, now) end
  end
  if redis.call('ZCARD', flying) == 0 then
    redis.call('HSET', bucket, 'fly', '0')
  elseif lost > 0 then
    redis.call('HINCRBY', bucket, 'fly', text(-lost))
  end
  return starts
end

local function used(bucket, ms)
  return number(redis.call('HGET', bucket, ms .. ':head'))
    + number(redis.call('HGET', bucket, ms .. ':own'))
    + number(redis.call('HGET', bucket, 'fly'))
end

-- When the fullest of the windows that leave no room for `amount` ends; nil = there is room in all. `share`: percent.
local function full_until(bucket, limits, starts, amount, share)
  local till = nil
  for ms, limit in pairs(limits) do
    if used(bucket, ms) + amount > math.floor(limit * share / 100) then
      local ends = starts[ms] + tonumber(ms) + GUARD
      if till == nil or ends > till then till = ends end
    end
  end
  return till
end

local function take(bucket, flying, token, amount, now)
  redis.call('ZADD', flying, text(now), token .. ':' .. text(amount))
  redis.call('HINCRBY', bucket, 'fly', text(amount))
  redis.call('PEXPIRE', flying, KEEP)
  redis.call('PEXPIRE', bucket, KEEP)
end

-- A header is the truth of its window. One that is lower than what another said counts only when it is later by more
-- than answers overtake each other; one of a window that is over says nothing.
local function head(bucket, ms, count, at, now)
  local stored = number(redis.call('HGET', bucket, ms .. ':start'))
  -- The venue's time and the caller's agree that this window has not begun: a clock that was wrong has opened it.
  if stored > at + SLACK and math.abs(now - at) <= SLACK then
    open_window(bucket, ms, window(at, tonumber(ms)))
  end
  if roll(bucket, ms, window(at, tonumber(ms))) > at then return end
  local known = number(redis.call('HGET', bucket, ms .. ':head'))
  local known_at = number(redis.call('HGET', bucket, ms .. ':head_at'))
  if count >= known or at > known_at + SLACK then
    redis.call('HSET', bucket, ms .. ':head', text(count))
    redis.call('HSET', bucket, ms .. ':head_at', text(math.max(at, known_at)))
  end
  if at > number(redis.call('HGET', bucket, ms .. ':own_at')) + SLACK then
    redis.call('HSET', bucket, ms .. ':own', '0')
  end
end

-- Ends a call that was under way and takes in what its answer says: heads = { window ms -> count }.
local function settle(bucket, flying, limits, call, heads, at, now)
  refresh(bucket, flying, limits, now)
  if call.token ~= '' and redis.call('ZREM', flying, call.token .. ':' .. text(call.amount)) == 1 then
    redis.call('HINCRBY', bucket, 'fly', text(-call.amount))
    for ms in pairs(limits) do
      if heads[ms] == nil and not call.free then add_own(bucket, ms, call.amount, now) end
    end
  end
  for ms, count in pairs(heads) do head(bucket, ms, count, at, now) end
end

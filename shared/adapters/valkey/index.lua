-- The trigger index of one symbol: what price.lua, arm.lua and peaks.lua share. Prepended to them, not run alone.
--
-- All keys carry the symbol as hash tag: one slot. KEYS[8..10] are prefixes; what is built from them stays in it.
--   KEYS[1] epoch        string; missing = the index is not to be trusted, answer 'rebuild'
--   KEYS[2] state        hash: writer (fence, token, batch, part), the last tick (id, bid, ask, last, tick),
--                        seq, newest (see 'before the first price'), lo:<source> and hi:<source>, building (the
--                        token of a rebuild that has begun: see finish.lua), looked (see late.lua), bars (tokens
--                        of writers that have left theirs since the cache was empty: see left_with in bars.lua)
--   KEYS[3] levels       hash: member -> '<armed tick> <peak at placing or -> <level as JSON>'
--   KEYS[4] hits         sorted set: member@version by the time it is visible at (ms); within the ms before that, in
--                        4096ths, by the order in which their ticks came
--   KEYS[5] hit          hash: member@version -> the hit as JSON
--   KEYS[6] struck       hash: member -> versions with unsettled hits, ',3,4,'
--   KEYS[7] wait         sorted set: members armed at a tick that has not come yet, by its id
--   KEYS[8] falls:<source>, KEYS[9] rises:<source>   sorted sets: members by price
--   KEYS[10] trail:<side>:<source>:... (T below), prices negated for shorts, so that all speak of longs:
--     T:parked           members by peak, placed with a better one than some live group has: no price has passed it
--                        since. Their stop stands still and lies in falls (a long) or rises (a short) like any other
--                        level
--     T:act              members not yet activated, by activation
--     T:d:<distance>     live members by seq: the running number of joining
--     T:peaks, T:starts, T:stops   groups of live members with one peak, by peak, by first seq, by highest stop
--     T:n:<start>        distances in use in the group that starts at this seq
--   A group is a run of seq: who joined earlier has the same or a better peak. A new high drops the borders
--   between the groups it passes, and rewrites no member. A parked member is rewritten once, when it is passed.
--   <distance> is basis points, or 10000 + whole units.
-- Prices are whole units below 9e11: every product below is exact in a double.

local EPOCH, STATE, LEVELS, HITS, HIT = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local STRUCK, WAIT, FALLS, RISES, TRAIL = KEYS[6], KEYS[7], KEYS[8], KEYS[9], KEYS[10]
local SOURCES = { 'bid', 'ask', 'last', 'mid' }
local SIDES = { long = 1, short = -1 }
local call = redis.call

local now = nil -- ms, set by the script: hits become visible at once
local hits_made = 0
local visible_before = 0
local changed = {} -- sources whose nearest levels have to be found anew

local function text(n)
  return string.format('%.0f', n)
end

local function tick_of(id, bid, ask, last, json)
  local b, a = tonumber(bid), tonumber(ask)
  return { id = tonumber(id), bid = b, ask = a, last = tonumber(last), mid = math.floor((b + a) / 2), json = json }
end

local function standing_tick()
  local s = call('HMGET', STATE, 'id', 'bid', 'ask', 'last', 'tick')
  if not s[1] then return nil end
  return tick_of(s[1], s[2], s[3], s[4], s[5])
end

local function visible_hits()
  return call('ZCOUNT', HITS, '-inf', now)
end

-- 1 when this call made the first visible hits: somebody has to be told
local function wake()
  return (hits_made > 0 and visible_before == 0) and 1 or 0
end

-- Whoever takes hits gets those of earlier ticks first, also where many ticks come in one moment: a later cause must not
-- be decided before an earlier one. Hits of one tick share a place.
local PLACES = 4096
local last_place, last_tick = nil, nil
local function place_of_hit(tick)
  if tick == last_tick then return last_place end
  if not last_place then
    local taken = call('ZREVRANGEBYSCORE', HITS, text(now), '(' .. text(now - 1), 'WITHSCORES', 'LIMIT', 0, 1)[2]
    last_place = taken and tonumber(taken) or now - 1
  end
  last_place, last_tick = math.min(last_place + 1 / PLACES, now), tick
  return last_place
end

local function add_hit(member, version, tick, body)
  if hits_made == 0 then visible_before = visible_hits() end
  hits_made = hits_made + 1
  local key = member .. '@' .. version
  call('HSET', HIT, key, body)
  call('ZADD', HITS, string.format('%.12f', place_of_hit(tick)), key)
  call('HSET', STRUCK, member, (call('HGET', STRUCK, member) or ',') .. version .. ',')
end

local function prepare(level, armed, peak, json)
  level.armed, level.json = armed, json
  if level.kind == 'trailing' then
    level.sign = SIDES[level.side]
    level.T = TRAIL .. ':' .. level.side .. ':' .. level.source
    level.order = level.distance.bp or (10000 + level.distance.units)
    level.stops = (level.sign == 1 and FALLS or RISES) .. ':' .. level.source
    if peak then level.placed = level.sign * peak end
  else
    level.key = (level.direction == 'falls' and FALLS or RISES) .. ':' .. level.source
  end
  return level
end

-- a level as LEVELS has it, armed at this tick
local function stored_level(level, armed)
  local peak = level.placed and text(level.sign * level.placed) or '-'
  return text(armed) .. ' ' .. peak .. ' ' .. level.json
end

local function read_level(member)
  local stored = call('HGET', LEVELS, member)
  if not stored then return nil end
  local armed, peak, json = string.match(stored, '^(%S+) (%S+) (.*)$')
  return prepare(cjson.decode(json), tonumber(armed), tonumber(peak), json)
end

local function stop_of(peak, order)
  if order >= 10000 then return peak - (order - 10000) end
  local product = math.abs(peak) * order
  local rest = math.fmod(product, 10000)
  return peak - (product - rest) / 10000 - (rest > 0 and 1 or 0)
end

-- groups of live trailing members ------------------------------------------------------------------------------

local function group_end(T, start)
  local next = call('ZRANGEBYSCORE', T .. ':starts', '(' .. start, '+inf', 'LIMIT', 0, 1)[1]
  return next and ('(' .. next) or '+inf'
end

-- files a group under its highest stop anew, or removes it when nothing is left in it
local function restop(T, start, peak)
  local first = call('ZRANGE', T .. ':n:' .. start, 0, 0)[1]
  if not first then
    call('ZREM', T .. ':peaks', start)
    call('ZREM', T .. ':starts', start)
    call('ZREM', T .. ':stops', start)
    return
  end
  local stop = stop_of(peak, tonumber(first))
  if tonumber(first) < 10000 then
    local units = call('ZRANGEBYSCORE', T .. ':n:' .. start, 10000, '+inf', 'LIMIT', 0, 1)[1]
    if units then stop = math.max(stop, stop_of(peak, tonumber(units))) end
  end
  call('ZADD', T .. ':stops', text(stop), start)
end

-- a price at or below every live peak: the member joins the last group, or begins one
local function join(member, level, price)
  local T = level.T
  local seq = call('HINCRBY', STATE, 'seq', 1)
  local low = call('ZRANGE', T .. ':peaks', 0, 0, 'WITHSCORES')
  local start = low[1]
  if not start or tonumber(low[2]) ~= price then
    start = text(seq)
    call('ZADD', T .. ':peaks', text(price), start)
    call('ZADD', T .. ':starts', seq, start)
  end
  call('ZADD', T .. ':d:' .. level.order, seq, member)
  if call('ZADD', T .. ':n:' .. start, level.order, text(level.order)) == 1 then restop(T, start, price) end
end

-- the distances of one group become another's: the fewer are moved
local function pour(from, into)
  if call('ZCARD', from) > call('ZCARD', into) then
    for _, order in ipairs(call('ZRANGE', into, 0, -1)) do call('ZADD', from, order, order) end
    call('RENAME', from, into)
  else
    for _, order in ipairs(call('ZRANGE', from, 0, -1)) do call('ZADD', into, order, order) end
    call('DEL', from)
  end
end

local function raise(T, price)
  local below = '(' .. text(price)
  local passed = call('ZRANGEBYSCORE', T .. ':peaks', '-inf', below)
  if #passed == 0 then return end
  call('ZREMRANGEBYSCORE', T .. ':peaks', '-inf', below)
  local keep = call('ZRANGEBYSCORE', T .. ':peaks', text(price), text(price))[1] or passed[#passed]
  for _, start in ipairs(passed) do
    if start ~= keep then
      pour(T .. ':n:' .. start, T .. ':n:' .. keep)
      call('ZREM', T .. ':starts', start)
      call('ZREM', T .. ':stops', start)
    end
  end
  call('ZADD', T .. ':peaks', text(price), keep)
  restop(T, keep, price)
end

-- the start of the group that a live member is in
local function group_of(T, seq)
  return call('ZREVRANGEBYSCORE', T .. ':starts', seq, '-inf', 'LIMIT', 0, 1)[1]
end

-- the peak (as held: negated for shorts) that a trailing member has reached, or nil
local function peak_of(member, level)
  local parked = call('ZSCORE', level.T .. ':parked', member)
  if parked then return tonumber(parked) end
  local seq = call('ZSCORE', level.T .. ':d:' .. level.order, member)
  if seq then return tonumber(call('ZSCORE', level.T .. ':peaks', group_of(level.T, seq))) end
  return level.placed
end

-- placing and taking out ---------------------------------------------------------------------------------------

local function detach(member, level)
  changed[level.source] = true
  call('ZREM', WAIT, member)
  if level.kind == 'fixed' then
    call('ZREM', level.key, member)
    return
  end
  local T, bag = level.T, level.T .. ':d:' .. level.order
  call('ZREM', T .. ':act', member)
  if call('ZREM', T .. ':parked', member) == 1 then call('ZREM', level.stops, member) end
  local seq = call('ZSCORE', bag, member)
  if not seq then return end
  call('ZREM', bag, member)
  local start = group_of(T, seq)
  if #call('ZRANGEBYSCORE', bag, start, group_end(T, start), 'LIMIT', 0, 1) == 0 then
    call('ZREM', T .. ':n:' .. start, text(level.order))
    restop(T, start, tonumber(call('ZSCORE', T .. ':peaks', start)))
  end
end

-- the level is reached: it leaves the levels (its caller has taken it out of its sets) and is a hit
local function strike(member, level, cause, at, peak, tick)
  changed[level.source] = true
  call('HDEL', LEVELS, member)
  if tick.id <= level.armed then cause = 'armed' end
  add_hit(member, text(level.version), tick.id, '{"cause":"' .. cause
    .. '","level":' .. text(at) .. ',"price":' .. text(tick[level.source])
    .. ',"peak":' .. (peak and text(peak) or 'null') .. ',"armedTick":' .. text(level.armed)
    .. ',"tick":' .. tick.json .. ',"of":' .. level.json .. '}')
end

local function park(member, level)
  call('ZADD', level.T .. ':parked', text(level.placed), member)
  call('ZADD', level.stops, text(level.sign * stop_of(level.placed, level.order)), member)
end

-- is the peak that it comes with at or below every live one? Then it joins, and no tick will have to rewrite it
local function is_lowest(level)
  local low = tonumber(call('ZRANGE', level.T .. ':peaks', 0, 0, 'WITHSCORES')[2])
  return not low or level.placed <= low
end

-- with a peak that no price has passed
local function keep_peak(member, level)
  if is_lowest(level) then return join(member, level, level.placed) end
  return park(member, level)
end

-- before the first price: everything lies where its first tick will find it; the highest arming tick is noted. What was
-- armed before any tick was known waits: the first one tells from which on it counts (price.lua)
local function place_unpriced(member, level)
  if level.armed == -1 then return call('ZADD', WAIT, -1, member) end
  if level.kind == 'fixed' then
    call('ZADD', level.key, text(level.price), member)
  elseif level.placed then
    keep_peak(member, level)
  elseif level.activation then
    call('ZADD', level.T .. ':act', text(level.sign * level.activation), member)
  else
    call('ZADD', WAIT, text(level.armed), member)
  end
  local newest = tonumber(call('HGET', STATE, 'newest') or '-1')
  if level.armed > newest then call('HSET', STATE, 'newest', text(level.armed)) end
end

-- puts a level where its next tick will find it, or makes it the hit that it already is at this tick
local function place(member, level, tick, cause)
  changed[level.source] = true
  if not tick then return place_unpriced(member, level) end
  if tick.id < level.armed then return call('ZADD', WAIT, text(level.armed), member) end
  if level.kind == 'fixed' then
    local falls, price = level.direction == 'falls', tick[level.source]
    if (falls and price <= level.price) or (not falls and price >= level.price) then
      return strike(member, level, cause, level.price, nil, tick)
    end
    return call('ZADD', level.key, text(level.price), member)
  end
  local price = level.sign * tick[level.source]
  if not level.placed and level.activation and price < level.sign * level.activation then
    return call('ZADD', level.T .. ':act', text(level.sign * level.activation), member)
  end
  if not level.placed or price >= level.placed then return join(member, level, price) end
  local stop = stop_of(level.placed, level.order)
  if price <= stop then
    return strike(member, level, cause, level.sign * stop, level.sign * level.placed, tick)
  end
  return keep_peak(member, level)
end

-- The nearest levels of a source, kept in the state: a price strictly between lo and hi changes nothing.
local function find_nearest(source)
  local lo, hi = nil, nil
  local function below(p) if p and p > 0 and (not lo or p > lo) then lo = p end end
  local function above(p) if p and (not hi or p < hi) then hi = p end end
  local function lowest(key) return tonumber(call('ZRANGE', key, 0, 0, 'WITHSCORES')[2]) end
  local function highest(key) return tonumber(call('ZREVRANGE', key, 0, 0, 'WITHSCORES')[2]) end
  local function mirrored(p) return p and -p end
  local function beyond(p) return p and p + 1 end
  local long, short = TRAIL .. ':long:' .. source, TRAIL .. ':short:' .. source
  below(highest(FALLS .. ':' .. source))
  above(lowest(RISES .. ':' .. source))
  below(highest(long .. ':stops'))
  above(mirrored(highest(short .. ':stops')))
  above(lowest(long .. ':act'))
  below(mirrored(lowest(short .. ':act')))
  above(beyond(lowest(long .. ':peaks')))
  above(beyond(lowest(long .. ':parked')))
  below(mirrored(beyond(lowest(short .. ':peaks'))))
  below(mirrored(beyond(lowest(short .. ':parked'))))
  call('HSET', STATE, 'lo:' .. source, lo and text(lo) or '', 'hi:' .. source, hi and text(hi) or '')
  return lo, hi
end

local function keep_nearest()
  for _, source in ipairs(SOURCES) do
    if changed[source] then find_nearest(source) end
  end
end

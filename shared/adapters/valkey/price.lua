-- price: applies a numbered batch of ticks of one symbol, each in turn: first peaks and activations move, then
-- what is due becomes a hit. Writes the last price and the touched one-second bars beside it.
--
-- The writer is fenced. A lease's fencing number grows with each change of hands; the state keeps the highest one
-- that has written to this symbol, and a lower one is answered 'not_leader'. So a writer that lost its lease (and
-- thawed late) cannot write after its successor has; what it writes before that comes before it, which is harmless:
-- ticks are applied in order of their ids. A repeat of a batch changes nothing and answers the present state,
-- with wake = 1 while hits are visible, because the first answer may have been lost.
--
-- KEYS 1-10 as in index.lua; KEYS[11] price hash, KEYS[12] quote hash, KEYS[13] tape
-- ARGV token, fence, batch, part, now (ms), newest tick that the writer has taken in, last tick of before the lease or -1
--      (late.lua), bars that the writer has of before this batch (0 none, 1 only what others have left, 2 its own), the
--      first bar as it was written last or '', number of price fields + values, then of quote fields + values, then of
--      bars + (second, JSON), then per tick: id, bid, ask, last, JSON. Price and quote only with the last part.
-- Returns {'applied', hits, wake, lo and hi of bid, ask, last, mid} | {'rebuild'} | {'not_leader'}; nothing is
-- written in the last two cases.
local PRICE_TTL_MS = 60000
local CLOCKS_APART_MS = 60000 -- shared/domain/triggers/rules.ts

local token, fence = ARGV[1], tonumber(ARGV[2])
local batch, part = tonumber(ARGV[3]), tonumber(ARGV[4])
now = tonumber(ARGV[5])
local newest_known, late, held = tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8]

-- All that is needed of the state, in one call: it is made thousands of times a second.
local NEAR = { 'lo:bid', 'hi:bid', 'lo:ask', 'hi:ask', 'lo:last', 'hi:last', 'lo:mid', 'hi:mid' }
local writer = call('HMGET', STATE, 'fence', 'token', 'batch', 'part', 'bars', 'id', 'bid', 'ask', 'last', 'tick',
  unpack(NEAR))
local known = tonumber(writer[1] or '-1')
if fence < known or (fence == known and writer[2] ~= token) then return { 'not_leader' } end
-- Built by somebody's arming after all was lost, without what this writer alone still knows: not to be trusted. What others
-- left whom it followed, a writer of before them may have left again; its own, nobody has but itself.
local left = left_with(writer[5] or nil, token)
if call('EXISTS', EPOCH) == 0 or (held == '1' and not writer[5]) or (held == '2' and left) then return { 'rebuild' } end

local lo, hi = {}, {}
local near = nil -- the same as text, until something changes
local function take_nearest(read)
  near = read
  for i, source in ipairs(SOURCES) do
    near[2 * i - 1], near[2 * i] = near[2 * i - 1] or '', near[2 * i] or ''
    lo[source], hi[source] = tonumber(near[2 * i - 1]), tonumber(near[2 * i])
  end
end
local function read_nearest()
  take_nearest(call('HMGET', STATE, unpack(NEAR)))
end
take_nearest({ unpack(writer, 11, 18) })

local function answer(wake_up)
  if near then return { 'applied', hits_made, wake_up, unpack(near) } end
  local reply = { 'applied', hits_made, wake_up }
  for _, source in ipairs(SOURCES) do
    reply[#reply + 1] = lo[source] and text(lo[source]) or ''
    reply[#reply + 1] = hi[source] and text(hi[source]) or ''
  end
  return reply
end

if fence == known then
  local last_batch, last_part = tonumber(writer[3]), tonumber(writer[4])
  if batch < last_batch or (batch == last_batch and part <= last_part) then
    return answer(visible_hits() > 0 and 1 or 0)
  end
end

local before = ARGV[9]
local at = 10
local function fields()
  local n = tonumber(ARGV[at])
  local values = {}
  for i = 1, n do values[i] = ARGV[at + i] end
  at = at + n + 1
  return values
end
local price, quote, bars = fields(), fields(), fields()

local standing = writer[6] and tick_of(unpack(writer, 6, 10)) or nil
local next_waiting = nil
local function look_for_waiting()
  next_waiting = tonumber(call('ZRANGE', WAIT, 0, 0, 'WITHSCORES')[2])
end
look_for_waiting()

-- The first price of all: what was armed before any was known counts from here on, or from the newest tick that was known
-- when this one was sent (`datedAt` in shared/domain/triggers/rules.ts).
local function date(tick)
  local at = cjson.decode(tick.json).at
  for _, member in ipairs(call('ZRANGEBYSCORE', WAIT, -1, -1)) do
    local level = read_level(member)
    local from = at > level.armedAt + CLOCKS_APART_MS and tick.id or math.max(tick.id, newest_known)
    call('HSET', LEVELS, member, stored_level(level, from))
    call('ZADD', WAIT, text(from), member)
  end
end

-- Levels armed at a later tick (seldom: an index rebuilt amid a writer's change) wait.
local function hold_back(tick)
  local newest = tonumber(call('HGET', STATE, 'newest') or '-1')
  call('HDEL', STATE, 'newest')
  if newest <= tick.id then return end
  for _, member in ipairs(call('HKEYS', LEVELS)) do
    local level = read_level(member)
    if level.armed > tick.id then
      detach(member, level)
      call('ZADD', WAIT, text(level.armed), member)
    end
  end
  look_for_waiting()
end

local function move_peaks(side, source, tick)
  local sign, T = SIDES[side], TRAIL .. ':' .. side .. ':' .. source
  local x = sign * tick[source]
  raise(T, x)
  local stops = (sign == 1 and FALLS or RISES) .. ':' .. source
  local passed = call('ZRANGEBYSCORE', T .. ':parked', '-inf', '(' .. text(x))
  for _, member in ipairs(passed) do
    call('ZREM', stops, member)
    join(member, read_level(member), x)
  end
  if #passed > 0 then call('ZREMRANGEBYSCORE', T .. ':parked', '-inf', '(' .. text(x)) end
  local begun = call('ZRANGEBYSCORE', T .. ':act', '-inf', text(x))
  for _, member in ipairs(begun) do join(member, read_level(member), x) end
  if #begun > 0 then call('ZREMRANGEBYSCORE', T .. ':act', '-inf', text(x)) end
end

local function take_fixed(key, from, to, tick)
  local due = call('ZRANGEBYSCORE', key, from, to)
  if #due == 0 then return end
  call('ZREMRANGEBYSCORE', key, from, to)
  for _, member in ipairs(due) do
    local level = read_level(member)
    if level.kind == 'fixed' then
      strike(member, level, 'tick', level.price, nil, tick)
    else
      local peak = tonumber(call('ZSCORE', level.T .. ':parked', member))
      call('ZREM', level.T .. ':parked', member)
      strike(member, level, 'tick', level.sign * stop_of(peak, level.order), level.sign * peak, tick)
    end
  end
end

-- one group's bags of a range of distances, the smallest first, as long as they are due
local function take_bags(T, sign, start, peak, from, to, tick, x)
  while true do
    local order = call('ZRANGEBYSCORE', T .. ':n:' .. start, from, to, 'LIMIT', 0, 1)[1]
    if not order then return end
    local stop = stop_of(peak, tonumber(order))
    if stop < x then return end
    local bag, last = T .. ':d:' .. order, group_end(T, start)
    local due = call('ZRANGEBYSCORE', bag, start, last)
    call('ZREMRANGEBYSCORE', bag, start, last)
    call('ZREM', T .. ':n:' .. start, order)
    for _, member in ipairs(due) do
      strike(member, read_level(member), 'tick', sign * stop, sign * peak, tick)
    end
  end
end

local function take_trailing(side, source, tick)
  local sign, T = SIDES[side], TRAIL .. ':' .. side .. ':' .. source
  local x = sign * tick[source]
  while true do
    local start = call('ZREVRANGEBYSCORE', T .. ':stops', '+inf', text(x), 'LIMIT', 0, 1)[1]
    if not start then return end
    local peak = tonumber(call('ZSCORE', T .. ':peaks', start))
    take_bags(T, sign, start, peak, '-inf', '(10000', tick, x)
    take_bags(T, sign, start, peak, 10000, '+inf', tick, x)
    restop(T, start, peak)
  end
end

local function decide(tick)
  local reached = {}
  for _, source in ipairs(SOURCES) do
    local p = tick[source]
    if (lo[source] and p <= lo[source]) or (hi[source] and p >= hi[source]) then
      reached[#reached + 1] = source
      changed[source] = true
      move_peaks('long', source, tick)
      move_peaks('short', source, tick)
    end
  end
  if next_waiting and next_waiting <= tick.id then
    for _, member in ipairs(call('ZRANGEBYSCORE', WAIT, '-inf', text(tick.id))) do
      call('ZREM', WAIT, member)
      place(member, read_level(member), tick, 'tick')
    end
    look_for_waiting()
  end
  for _, source in ipairs(reached) do
    take_fixed(FALLS .. ':' .. source, text(tick[source]), '+inf', tick)
    take_fixed(RISES .. ':' .. source, '-inf', text(tick[source]), tick)
    take_trailing('long', source, tick)
    take_trailing('short', source, tick)
  end
  for source in pairs(changed) do
    near = nil
    lo[source], hi[source] = find_nearest(source)
    changed[source] = nil
  end
end

local first = tonumber(ARGV[at] or '')
if first and first <= late and call('HGET', STATE, 'looked') ~= ARGV[7] then
  hold_late(first, late, standing)
  call('HSET', STATE, 'looked', ARGV[7])
  read_nearest()
  look_for_waiting()
end

local last = standing
for i = at, #ARGV, 5 do
  local tick = tick_of(ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4])
  if not last or tick.id > last.id then
    if not last then
      date(tick)
      hold_back(tick)
      keep_nearest()
      read_nearest()
      changed = {}
    end
    decide(tick)
    last = tick
  end
end

local kept = { 'fence', ARGV[2], 'token', token, 'batch', ARGV[3], 'part', ARGV[4] }
local function keep(field, value)
  kept[#kept + 1] = field
  kept[#kept + 1] = value
end
if last and last ~= standing then
  keep('id', text(last.id))
  keep('bid', text(last.bid))
  keep('ask', text(last.ask))
  keep('last', text(last.last))
  keep('tick', last.json)
end
if #bars > 0 and left then keep('bars', left) end
call('HSET', STATE, unpack(kept))
if #price > 0 then
  call('HSET', KEYS[11], unpack(price))
  call('PEXPIRE', KEYS[11], PRICE_TTL_MS)
end
if #quote > 0 then
  call('HSET', KEYS[12], unpack(quote))
  call('PEXPIRE', KEYS[12], PRICE_TTL_MS)
end
put_bars(KEYS[13], bars, before)
if not last then near, lo, hi = nil, {}, {} end
return answer(wake())

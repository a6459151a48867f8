-- The tape: one-second bars of one symbol, a sorted set by second, kept for two hours. Prepended to its scripts.
-- A bar is a JSON array: second, low x4, high x4, close x4 (bid, ask, last, mid), first tick, last tick, count, and
-- open x4 where it is known.
-- A bar of a second that is there already is put together with it (lowest low, highest high, the later close), so
-- neither a change of writers nor a repeat loses an extreme.
local TAPE_SECONDS = 7200

local function merged(a, b)
  local later = b[15] >= a[15] and b or a
  local earlier = b[14] < a[14] and b or a
  local bar = { a[1] }
  for i = 2, 5 do bar[i] = math.min(a[i], b[i]) end
  for i = 6, 9 do bar[i] = math.max(a[i], b[i]) end
  for i = 10, 13 do bar[i] = later[i] end
  bar[14], bar[15], bar[16] = math.min(a[14], b[14]), math.max(a[15], b[15]), math.max(a[16], b[16])
  for i = 17, #earlier do bar[i] = earlier[i] end
  for i = 1, #bar do bar[i] = string.format('%.0f', bar[i]) end
  return '[' .. table.concat(bar, ',') .. ']'
end

-- Who has left bars since the cache was empty: their tokens, the last ones to begin. `left` is such a list or nil; answers
-- the list with this writer in it, or nil where it is in it already.
local WRITERS = 4
local function left_with(left, token)
  local others = {}
  for one in string.gmatch(left or '', '%S+') do
    if one == token then return nil end
    others[#others + 1] = one
  end
  while #others >= WRITERS do table.remove(others, 1) end
  others[#others + 1] = token
  return table.concat(others, ' ')
end

-- bars: second, JSON, second, JSON, ...; before: the first one as its writer knows that it was written last, or nil. Where
-- that is what is there, the new one goes on from it and holds all of it.
local function put_bars(tape, bars, before)
  local newest = nil
  for i = 1, #bars, 2 do
    local second, bar = bars[i], bars[i + 1]
    local old = redis.call('ZRANGEBYSCORE', tape, second, second)[1]
    local goes_on = i == 1 and old and old == before
    if old and old ~= bar then
      if not goes_on then bar = merged(cjson.decode(old), cjson.decode(bar)) end
      if old ~= bar then redis.call('ZREM', tape, old) end
    end
    if old ~= bar then redis.call('ZADD', tape, second, bar) end
    if not goes_on and (not newest or tonumber(second) > newest) then newest = tonumber(second) end
  end
  if newest then
    redis.call('ZREMRANGEBYSCORE', tape, '-inf', '(' .. string.format('%.0f', newest - TAPE_SECONDS))
    redis.call('EXPIRE', tape, TAPE_SECONDS)
  end
end

-- arm: removes levels, takes in hits that a rebuild has found, and arms levels of one symbol. Each armed level is
-- tested at once against the standing price (see shared/domain/triggers/model.ts for every case).
-- KEYS as in index.lua
-- ARGV token of the rebuild that loads (works while the epoch is missing, and while that token stands), or '' to arm;
--      now (ms), number of removals, then (member, version) each; number of hits, then (member, version, JSON) each;
--      then levels as JSON without nulls
-- Returns {'armed', id of the standing tick or -1, hits made, wake} | {'rebuild'} | {'lost'}: nothing is written
local building = ARGV[1]
now = tonumber(ARGV[2])
if building == '' then
  if call('EXISTS', EPOCH) == 0 then return { 'rebuild' } end
elseif call('HGET', STATE, 'building') ~= building then
  return { 'lost' }
end

local standing = standing_tick()
local at = 3

local function take_out(member, version)
  local level = read_level(member)
  if not level or level.version > version then return end
  detach(member, level)
  call('HDEL', LEVELS, member)
end

for _ = 1, tonumber(ARGV[at]) do
  take_out(ARGV[at + 1], tonumber(ARGV[at + 2]))
  at = at + 2
end
at = at + 1

for _ = 1, tonumber(ARGV[at]) do
  local member, version = ARGV[at + 1], ARGV[at + 2]
  take_out(member, tonumber(version))
  local body = ARGV[at + 3]
  if call('HEXISTS', HIT, member .. '@' .. version) == 0 then
    add_hit(member, version, cjson.decode(body).tick.id, body)
  end
  at = at + 3
end
at = at + 1

local function struck_since(member, version)
  for v in string.gmatch(call('HGET', STRUCK, member) or '', '%d+') do
    if tonumber(v) >= version then return true end
  end
  return false
end

local function better(a, b)
  if not a or not b then return a or b end
  return math.max(a, b)
end

-- a newer version of the same protection keeps what trailing has reached, and so does one that comes with a peak
local function goes_on(new, old)
  return old.kind == 'trailing' and new.kind == 'trailing' and old.side == new.side and old.source == new.source
    and (new.peak ~= nil
      or old.activation == new.activation and (old.armedAt == new.armedAt or old.order == new.order))
end

-- the level to arm, given the one that it replaces or repeats; a repeat changes nothing but a better peak
local function successor(given, old)
  if old and old.version == given.version then
    if old.kind == 'trailing' then
      local peak = given.kind == 'trailing' and given.peak and old.sign * given.peak or nil
      old.placed = better(peak_of(given.member, old), peak)
    end
    return old
  end
  if given.armed == -1 and standing then given.armed = standing.id end
  if old and goes_on(given, old) then given.placed = better(given.placed, peak_of(given.member, old)) end
  return given
end

-- late ticks that are still to come have not met these (late.lua)
if at <= #ARGV then call('HDEL', STATE, 'looked') end

for i = at, #ARGV do
  local json = ARGV[i]
  local given = cjson.decode(json)
  prepare(given, given.armedTick, given.peak, json)
  local member = given.member
  local old = read_level(member)
  if not (old and old.version > given.version) and not struck_since(member, given.version) then
    local level = successor(given, old)
    if old then detach(member, old) end
    call('HSET', LEVELS, member, stored_level(level, level.armed))
    place(member, level, standing, 'armed')
  end
end

keep_nearest()
return { 'armed', standing and text(standing.id) or '-1', hits_made, wake() }

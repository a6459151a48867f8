-- late: ticks that a standby kept come after the fact. A level that was armed since the standing tick, while nobody wrote,
-- counts those of its own time on; where the index was lost, so that no tick stands, each one does: it has the id of a
-- tick of the writer before, and they are all above that. Prepended to price.lua, after index.lua.
--
-- Their ids are the time of their receipt (ms x 1000 and up), so the time of an arming says from which one on; it is
-- never later than `upto`, the last of them: machines whose clocks are apart let no level wait for ever. All levels are
-- looked at, so it is done once, and again only where something was armed between two batches (see arm.lua).

-- first: id of the next tick to come; standing: nil where none is known. What was armed before any was known is dated by the
-- first one (price.lua).
local function hold_late(first, upto, standing)
  local since = standing and standing.id or 0
  for _, stored in ipairs(call('HVALS', LEVELS)) do
    if tonumber(string.match(stored, '^%S+')) >= since then
      local armed, placed, json = string.match(stored, '^(%S+) (%S+) (.*)$')
      local level = prepare(cjson.decode(json), tonumber(armed), tonumber(placed), json)
      local member, from = level.member, math.min(level.armedAt * 1000, upto)
      if from > first then
        if level.kind == 'trailing' then level.placed = peak_of(member, level) end
        detach(member, level)
        call('HSET', LEVELS, member, stored_level(level, from))
        call('ZADD', WAIT, text(from), member)
      end
    end
  end
  keep_nearest()
  changed = {}
end

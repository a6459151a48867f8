-- peaks: the levels of these members with the peaks they have reached.
-- KEYS as in index.lua     ARGV members
-- Returns per member that is still there: level as JSON, tick id of its arming, peak or ''
local reply = {}
for _, member in ipairs(ARGV) do
  local level = read_level(member)
  if level then
    local peak = level.kind == 'trailing' and peak_of(member, level)
    reply[#reply + 1] = level.json
    reply[#reply + 1] = text(level.armed)
    reply[#reply + 1] = peak and text(level.sign * peak) or ''
  end
end
return reply

-- rate-limit: takes one request from every bucket, or from none of them.
-- A bucket is the time at which it is full again (GCRA): nothing else has to be kept, and it expires by itself.
-- KEYS bucket ...     ARGV now ms, then for each bucket: requests per minute, burst
-- Returns {'taken' | 'over', then for each bucket: requests left, ms until it is full, ms until the next one is let in}
local now = tonumber(ARGV[1])
local function text(n) return string.format('%.0f', n) end

local buckets, isOver = {}, false
for i, key in ipairs(KEYS) do
  local gap, burst = 60000 / tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  local room = gap * burst
  local stored = tonumber(redis.call('GET', key) or '0')
  -- A clock that was ahead must not shut its bucket for longer than it takes to fill.
  local full = math.min(math.max(stored, now), now + room)
  buckets[i] = { key = key, gap = gap, room = room, full = full, isAhead = stored > full }
  if full + gap - now > room + 0.001 then isOver = true end
end

local answer = { isOver and 'over' or 'taken' }
for _, bucket in ipairs(buckets) do
  local full = isOver and bucket.full or bucket.full + bucket.gap
  if not isOver or bucket.isAhead then
    redis.call('SET', bucket.key, string.format('%.3f', full), 'PX', text(math.max(1, math.ceil(full - now))))
  end
  answer[#answer + 1] = text(math.max(0, math.floor((bucket.room - (full - now)) / bucket.gap + 0.001)))
  answer[#answer + 1] = text(math.ceil(full - now))
  answer[#answer + 1] = text(math.max(0, math.ceil(full + bucket.gap - now - bucket.room)))
end
return answer

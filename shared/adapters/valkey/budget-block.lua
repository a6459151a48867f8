-- budget-block: nobody calls (or this account places no orders) until then. A longer block is never made shorter.
-- KEYS[1] blocks, or the account's orders     ARGV field of the time, until (ms), reason, now
-- Returns {'blocked', until}
local known = number(redis.call('HGET', KEYS[1], ARGV[1]))
local till = tonumber(ARGV[2])
if till > known then
  redis.call('HSET', KEYS[1], ARGV[1], text(till), 'reason', ARGV[3])
else
  till = known
end
redis.call('PEXPIRE', KEYS[1], text(math.max(KEEP, till - tonumber(ARGV[4]) + KEEP)))
return { 'blocked', text(till) }

-- finish: ends the rebuild that has written its token into the state: from now on the symbol's index is to be trusted.
-- Without that token the cache was lost meanwhile, or somebody has begun anew: what was loaded is not known to be there.
-- KEYS[1] epoch, KEYS[2] hits, KEYS[3] state     ARGV token, now (ms)
-- Returns {'finished', 1 when hits are visible, else 0} | {'lost', 0}
if redis.call('HGET', KEYS[3], 'building') ~= ARGV[1] then return { 'lost', 0 } end
redis.call('HDEL', KEYS[3], 'building')
redis.call('SET', KEYS[1], ARGV[1])
return { 'finished', redis.call('ZCOUNT', KEYS[2], '-inf', ARGV[2]) > 0 and 1 or 0 }

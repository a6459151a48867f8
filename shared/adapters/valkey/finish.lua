-- finish: ends a rebuild: from now on the symbol's index is to be trusted.
-- KEYS[1] epoch, KEYS[2] hits     ARGV epoch, now (ms)
-- Returns {'finished', 1 when hits are visible, else 0}
redis.call('SET', KEYS[1], ARGV[1])
return { 'finished', redis.call('ZCOUNT', KEYS[2], '-inf', ARGV[2]) > 0 and 1 or 0 }

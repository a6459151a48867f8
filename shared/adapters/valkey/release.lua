-- release: gives a lease back, if it is still ours.
-- KEYS[1] lease     ARGV token
-- Returns {'released'} | {'other'}
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return { 'other' } end
redis.call('DEL', KEYS[1])
return { 'released' }

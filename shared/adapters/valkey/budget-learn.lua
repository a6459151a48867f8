-- budget-learn: limits as exchangeInfo says, in place of those before.
-- KEYS[1] limits     ARGV (name, limit) each
-- Returns {'learnt'}
redis.call('DEL', KEYS[1])
for i = 1, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
return { 'learnt' }

-- tape: puts one-second bars into the tape, by the rule of bars.lua.
-- KEYS[1] tape     ARGV second, JSON, second, JSON, ...
-- Returns {'kept'}
put_bars(KEYS[1], ARGV)
return { 'kept' }

/** Where a wallet lives; qualifies every venue id. `demo` is our own demo wallet, `binance_demo` Binance's demo mode. */
export const BINANCE_ENVIRONMENTS = [
  'binance',
  'binance_testnet',
  'binance_demo',
  'binance_simulator',
] as const;
export type BinanceEnvironment = (typeof BINANCE_ENVIRONMENTS)[number];
export const ENVIRONMENTS = ['demo', ...BINANCE_ENVIRONMENTS] as const;
export type Environment = (typeof ENVIRONMENTS)[number];

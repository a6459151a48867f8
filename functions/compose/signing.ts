/** How a function signs requests (design sections 2, 13): submit and exits import it, and no other may open keys. */
import { createKeyOpener } from '../../shared/adapters/keys/opener.ts';
import { type BinanceWallets, createBinanceWallets } from '../../shared/venues/binance/wallets.ts';
import { type ExchangeParts, makeBudget } from './exchange.ts';

/** The exchange's wallets. */
export function signingExchange(parts: ExchangeParts): BinanceWallets {
  const { binance, keyCipher, symbols, clock, log } = parts;
  if (keyCipher === null) throw new Error('a function that signs needs KEY_CIPHER');
  return createBinanceWallets({
    environment: binance.environment,
    endpoints: binance.endpoints,
    budget: (venueNow) => makeBudget(parts, venueNow),
    opener: createKeyOpener(keyCipher),
    symbols,
    clock,
    log,
  });
}

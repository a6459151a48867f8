/** How a function signs requests (design sections 2, 13): submit and exits import it, and no other may open keys. */
import { createKeyOpener } from '../../shared/adapters/keys/opener.ts';
import type { BinanceWalletsParts } from '../../shared/venues/binance/wallets.ts';
import { type ExchangeParts, makeBudget } from './exchange.ts';

/** What the venue factory needs to make wallets of the exchange. */
export function signingExchange(parts: ExchangeParts): BinanceWalletsParts {
  const { binance, keyCipher, symbols, clock, log } = parts;
  if (keyCipher === null) throw new Error('a function that signs needs KEY_CIPHER');
  return {
    environment: binance.environment,
    endpoints: binance.endpoints,
    budget: (venueNow) => makeBudget(parts, venueNow),
    opener: createKeyOpener(keyCipher),
    symbols,
    clock,
    log,
  };
}

/**
 * Polygon as the second source beside an exchange's own prices (design section 11): under which name it tells a symbol,
 * by which pair its dollars become USDT or USDC, and when it is due to say anything. Pure.
 */
import { polygonInstrument } from '../../domain/polygon.ts';
import type { Session } from '../../domain/prices/freshness.ts';
import { sessionOf } from '../../domain/prices/sessions.ts';
import type { SymbolRegistry } from '../../domain/symbols.ts';
import type { SecondName } from './mixed-symbol.ts';

export interface BesideAVenue {
  readonly secondName: (symbol: string) => SecondName | null;
  readonly sessionOf: (symbol: string) => Session;
}

/** The registry is read anew for each symbol. */
export function besideAVenue(registry: Pick<SymbolRegistry, 'get'>): BesideAVenue {
  const instrumentOf = (symbol: string) => {
    const spec = registry.get(symbol);
    return spec === null ? null : polygonInstrument(spec);
  };
  return {
    secondName: (symbol) => {
      const instrument = instrumentOf(symbol);
      if (instrument === null) return null;
      // The feed tells BTC/USDT under its own name, in dollars.
      return { symbol, rate: instrument.rate?.replace('-', '/') ?? null };
    },
    sessionOf: (symbol) => {
      const spec = registry.get(symbol);
      return spec === null ? 'always' : sessionOf(spec);
    },
  };
}

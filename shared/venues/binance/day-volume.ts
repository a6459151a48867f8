/**
 * The 24 h volume of a symbol, for what is told about an entry. Nothing waits for it: an answer that takes longer than
 * a moment is there for the next who asks.
 */
import type { Decimal } from '../../domain/money/decimal.ts';
import type { Log } from '../../ports/runtime.ts';
import type { Asked } from './outcomes.ts';

export interface DayVolumeParts {
  readonly ticker: (venueSymbol: string) => Promise<Asked<{ readonly volume: Decimal }>>;
  /** Epoch ms. */
  readonly now: () => number;
  readonly log: Log;
  /** [200] */
  readonly patienceMs?: number;
}

/** A figure is good for this long, and so is its absence. */
const REMEMBER_MS = 60_000;
const REMEMBER_SYMBOLS = 500;

/** In base asset; null = not known in time. Never throws. */
export function createDayVolumes(parts: DayVolumeParts): (venueSymbol: string) => Promise<Decimal | null> {
  const { ticker, now, log, patienceMs = 200 } = parts;
  const known = new Map<string, { readonly askedAt: number; readonly volume: Promise<Decimal | null> }>();

  async function read(venueSymbol: string): Promise<Decimal | null> {
    try {
      const asked = await ticker(venueSymbol);
      if (asked.kind === 'ok') return asked.value.volume;
      log.debug('DAY_VOLUME_UNKNOWN', { symbol: venueSymbol, why: asked.kind });
    } catch (error) {
      log.warn('DAY_VOLUME_UNKNOWN', { symbol: venueSymbol, why: String(error) });
    }
    return null;
  }

  function remembered(venueSymbol: string): Promise<Decimal | null> {
    const found = known.get(venueSymbol);
    const askedAt = now();
    if (found !== undefined && Math.abs(askedAt - found.askedAt) < REMEMBER_MS) return found.volume;
    known.delete(venueSymbol);
    const oldest = known.size >= REMEMBER_SYMBOLS ? known.keys().next().value : undefined;
    if (oldest !== undefined) known.delete(oldest);
    const volume = read(venueSymbol);
    known.set(venueSymbol, { askedAt, volume });
    return volume;
  }

  return async (venueSymbol) => {
    const { promise: tooLate, resolve } = Promise.withResolvers<null>();
    const timer = setTimeout(() => resolve(null), patienceMs);
    try {
      return await Promise.race([remembered(venueSymbol), tooLate]);
    } finally {
      clearTimeout(timer);
    }
  };
}

/** When a price is too old to rest on. Pure. */
const OLD_MS = 15_000;
/** As the API: an older quote makes no mark. */
const STALE_MS = 60_000;

export const ageTone = (ms: number): 'good' | 'warn' | 'bad' =>
  ms > STALE_MS ? 'bad' : ms > OLD_MS ? 'warn' : 'good';

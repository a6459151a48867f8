/**
 * What is asked of the API, and when: made before anything is sent, from a seed, so that no answer moves a later request.
 */
import { seededRandom } from '../../../shared/feeds/prng.ts';

/** Shares in thousandths of the requests: 90 % reads, 7 % previews, 3 % creates and changes. */
export const MIX = {
  getPosition: 300,
  listPositions: 200,
  getOrder: 120,
  listOrders: 120,
  getWallet: 40,
  getBalances: 60,
  listPrices: 60,
  previewOrder: 70,
  createOrder: 16,
  changeProtection: 7,
  cancelOrder: 7,
} as const;

export type Kind = keyof typeof MIX;

export const KINDS = Object.keys(MIX) as readonly Kind[];

export interface Arrival {
  /** Ms after the start. */
  readonly at: number;
  readonly kind: Kind;
  /** 0, 1, ... within its kind: whose it is and what it is about follows from it. */
  readonly nth: number;
}

/** So many of each kind, exactly; what a share leaves over goes to the largest remainders. */
export function countsOf(
  total: number,
  mix: Readonly<Record<Kind, number>> = MIX,
): ReadonlyMap<Kind, number> {
  const whole = KINDS.reduce((sum, kind) => sum + mix[kind], 0);
  const exact = KINDS.map((kind) => ({ kind, share: (total * mix[kind]) / whole }));
  const counts = new Map(exact.map(({ kind, share }) => [kind, Math.floor(share)]));
  const given = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const byRemainder = exact.toSorted((a, b) => (b.share % 1) - (a.share % 1));
  for (const { kind } of byRemainder.slice(0, total - given)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

function shuffled<T>(items: readonly T[], random: () => number): readonly T[] {
  const mixed = [...items];
  for (let at = mixed.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [mixed[at], mixed[other]] = [mixed[other] as T, mixed[at] as T];
  }
  return mixed;
}

/**
 * `perSecond` x `seconds` requests at random times, as those of many users who know nothing of each other: some moments
 * bring several, others none. In the order of their times.
 */
export function planLoad({
  perSecond,
  seconds,
  seed,
}: {
  readonly perSecond: number;
  readonly seconds: number;
  readonly seed: number;
}): readonly Arrival[] {
  const next = seededRandom(seed);
  const random = (): number => next() / 2 ** 32;
  const total = perSecond * seconds;
  const times = Array.from({ length: total }, () => random() * seconds * 1_000).sort((a, b) => a - b);
  const kinds = shuffled(
    [...countsOf(total)].flatMap(([kind, count]) => Array.from({ length: count }, () => kind)),
    random,
  );
  const seen = new Map<Kind, number>();
  return times.map((at, i) => {
    const kind = kinds[i];
    if (kind === undefined) throw new Error('more times than requests');
    const nth = seen.get(kind) ?? 0;
    seen.set(kind, nth + 1);
    return { at, kind, nth };
  });
}

/** Levels over bars as one would write it down first: every level looks at every bar. What rebuild.ts has to come to. */
import { stopOf } from '../../../../shared/domain/triggers/rules.ts';
import type { Bar, Hit, Level, Units } from '../../../../shared/domain/triggers/types.ts';

type Due = { readonly at: number; readonly bar: Bar; readonly level: Units; readonly price: Units } | null;

function replay(level: Level, bars: readonly Bar[]): { readonly level: Level; readonly due: Due } {
  const { source, armedTick, armedAt } = level;
  const falls = level.kind === 'fixed' ? level.direction === 'falls' : level.side === 'long';
  let peak = level.kind === 'trailing' ? level.peak : null;
  const goneOn = (): Level => (level.kind === 'trailing' ? { ...level, peak } : level);
  for (const [at, bar] of bars.entries()) {
    const isAfter = armedTick >= 0 ? bar.firstTick > armedTick : bar.second > Math.floor(armedAt / 1000);
    if (!isAfter) continue;
    const worst = falls ? bar.low[source] : bar.high[source];
    const best = falls ? bar.high[source] : bar.low[source];
    const stop =
      level.kind === 'fixed' ? level.price : peak === null ? null : stopOf(level.side, peak, level.distance);
    if (stop !== null && (falls ? worst <= stop : worst >= stop)) {
      return { level: goneOn(), due: { at, bar, level: stop, price: worst } };
    }
    if (level.kind === 'fixed') continue;
    const { activation } = level;
    const begins =
      peak === null && (activation === null || (falls ? best >= activation : best <= activation));
    if (begins || (peak !== null && (falls ? best > peak : best < peak))) peak = best;
  }
  return { level: goneOn(), due: null };
}

export function plainReplay(levels: readonly Level[], bars: readonly Bar[]) {
  const all = levels.map((level) => replay(level, bars));
  const hits = all.flatMap(({ level, due }) => {
    if (due === null) return [];
    const falls = level.kind === 'fixed' ? level.direction === 'falls' : level.side === 'long';
    const { bid, ask, last } = falls ? due.bar.low : due.bar.high;
    const hit: Hit = {
      ...{ member: level.member, version: level.version, cause: 'rebuilt', source: level.source },
      ...{ level: due.level, price: due.price, armedTick: level.armedTick },
      peak: level.kind === 'trailing' ? level.peak : null,
      tick: {
        ...{ id: due.bar.lastTick, bid, ask, last, at: due.bar.second * 1000 + 999 },
        ...{ bidSize: '', askSize: '', recordedAt: 0 },
      },
    };
    return [{ at: due.at, hit }];
  });
  return {
    levels: all.filter(({ due }) => due === null).map(({ level }) => level),
    hits: hits.toSorted((a, b) => a.at - b.at).map(({ hit }) => hit),
  };
}

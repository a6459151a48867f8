import { describe, expect, it } from 'vitest';
import { decimal } from '../../../../shared/domain/money/decimal.ts';
import { createDayVolumes } from '../../../../shared/venues/binance/day-volume.ts';
import type { Asked } from '../../../../shared/venues/binance/outcomes.ts';

type Answer = Asked<{ readonly volume: ReturnType<typeof decimal> }>;

function bench(answers: readonly (() => Promise<Answer>)[]) {
  const asked: string[] = [];
  const state = { now: 1_000_000 };
  const said: string[] = [];
  const tell = (code: string): void => {
    said.push(code);
  };
  const volumes = createDayVolumes({
    ticker: (symbol) => {
      const answer = answers[asked.length];
      asked.push(symbol);
      if (answer === undefined) throw new Error('asked once too often');
      return answer();
    },
    now: () => state.now,
    log: { debug: tell, info: tell, warn: tell, error: tell },
    patienceMs: 30,
  });
  return { volumes, asked, state, said };
}

const volume = (text: string) => (): Promise<Answer> =>
  Promise.resolve({ kind: 'ok', value: { volume: decimal(text) } });

describe('the 24 h volume', () => {
  it('is asked for once a minute and symbol', async () => {
    const { volumes, asked, state } = bench([volume('12.5'), volume('7'), volume('13')]);
    expect((await volumes('BTCUSDT'))?.toFixed()).toBe('12.5');
    state.now += 59_999;
    expect((await volumes('BTCUSDT'))?.toFixed()).toBe('12.5');
    expect((await volumes('ETHUSDT'))?.toFixed()).toBe('7');
    state.now += 1;
    expect((await volumes('BTCUSDT'))?.toFixed()).toBe('13');
    expect(asked).toEqual(['BTCUSDT', 'ETHUSDT', 'BTCUSDT']);
  });

  it('is not waited for: a late answer is there for the next', async () => {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const { volumes, asked } = bench([() => promise]);
    expect(await volumes('BTCUSDT')).toBeNull();
    resolve({ kind: 'ok', value: { volume: decimal('3') } });
    expect((await volumes('BTCUSDT'))?.toFixed()).toBe('3');
    expect(asked).toHaveLength(1);
  });

  it('is unknown where the exchange does not say it, and that is no failure of the order', async () => {
    const away = (): Promise<Answer> =>
      Promise.resolve({ kind: 'unavailable', reason: 'network', retryAfterMs: null });
    const broken = (): Promise<Answer> => Promise.reject(new Error('broken'));
    const { volumes, said } = bench([away, broken]);
    expect(await volumes('BTCUSDT')).toBeNull();
    expect(await volumes('ETHUSDT')).toBeNull();
    expect(said).toEqual(['DAY_VOLUME_UNKNOWN', 'DAY_VOLUME_UNKNOWN']);
  });
});

/** The streamer's parts side by side, and the symbols that it learns while it runs. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createLiveRegistry } from '../../../functions/streamer/live-registry.ts';
import { keepRunning } from '../../../functions/streamer/part.ts';
import { symbolRegistry } from '../../../shared/domain/symbols.ts';
import { until } from '../../support/until.ts';

const quiet = (): void => undefined;

describe('a part of the process', () => {
  it('is begun anew after a failure, without touching the other one, until it is stopped', async () => {
    const told: string[] = [];
    const log = { debug: quiet, info: quiet, warn: quiet, error: (code: string) => void told.push(code) };
    const stopping = new AbortController();
    let failing = 0;
    let others = 0;
    const whole = () => {
      const over = Promise.withResolvers<void>();
      return { run: () => over.promise, stop: () => over.resolve() };
    };
    const running = Promise.all([
      keepRunning(
        'failing',
        () => {
          failing += 1;
          return failing < 3 ? { run: () => Promise.reject(new Error('broken')), stop: quiet } : whole();
        },
        log,
        stopping.signal,
        5,
      ),
      keepRunning(
        'other',
        () => {
          others += 1;
          return whole();
        },
        log,
        stopping.signal,
        5,
      ),
    ]);
    await until(
      'a third try',
      () => failing,
      (count) => count === 3,
    );
    await sleep(30);
    stopping.abort();
    await running;
    expect({ failing, others }).toEqual({ failing: 3, others: 1 });
    expect(told).toEqual(['streamer_part_failed', 'streamer_part_failed']);
  });
});

describe('the live registry', () => {
  it('has what is built in at once, and the symbols of the exchange over them', async () => {
    const btc = symbolRegistry().get('BTC/USDT');
    if (btc === null) throw new Error('BTC/USDT is not built in');
    const odd = { ...btc, symbol: '1000SATS/USDT', base: '1000SATS', venueSymbol: '1000SATSUSDT' };
    const registry = createLiveRegistry(async () => [odd, { ...btc, maxNotional: btc.minNotional }], {
      debug: quiet,
      info: quiet,
      warn: quiet,
      error: quiet,
    });
    expect(registry.get('BTC/USDT')).toEqual(btc);
    await until(
      'the exchange',
      () => registry.find('1000SATSUSDT'),
      (spec) => spec !== null,
    );
    expect(registry.get('BTC/USDT')?.maxNotional).toEqual(btc.minNotional);
    expect(registry.get('ETH/USDT')).not.toBeNull();
    expect(registry.all().filter(({ symbol }) => symbol === 'BTC/USDT')).toHaveLength(1);
    registry.stop();
  });

  it('keeps what it has while the table is away', async () => {
    const warned: string[] = [];
    const log = { debug: quiet, info: quiet, warn: (code: string) => void warned.push(code), error: quiet };
    const registry = createLiveRegistry(() => Promise.reject(new Error('away')), log);
    await until(
      'told',
      () => warned.length,
      (count) => count === 1,
    );
    expect(registry.get('BTC/USDT')).not.toBeNull();
    registry.stop();
  });
});

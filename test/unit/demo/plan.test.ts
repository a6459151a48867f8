import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { protectionField } from '../../../functions/api/schemas/protection.ts';
import { OptionError } from '../../../infra/command-line.ts';
import { parseDemoOptions } from '../../../infra/local/demo/options.ts';
import { type Market, planPositions } from '../../../infra/local/demo/plan.ts';
import { RecordingError, surveyRecording } from '../../../infra/local/demo/recording.ts';
import { table } from '../../../infra/local/demo/table.ts';
import { checkProtection } from '../../../shared/domain/check-protection.ts';
import { decimal } from '../../../shared/domain/money/decimal.ts';
import { NO_PROTECTION } from '../../../shared/domain/protection.ts';
import { symbolRegistry } from '../../../shared/domain/symbols.ts';

const market = (symbol: string, over: Partial<Market> = {}): Market => {
  const spec = symbolRegistry().get(symbol);
  if (spec === null) throw new Error(symbol);
  return { spec, swingPercent: decimal('0.5'), usualSize: null, ...over };
};

describe('the demo plan', () => {
  it.each([
    ['BTC/USDT', '60000.12', '0.5'],
    ['SOL/USDT', '150.01', '0.01'],
    ['XRP/ETH', '0.00145', '0.6'],
    ['ETH/USD', '2250.55', '3'],
    ['BTC/USDT', '33000', '400'],
  ])('is protection that the API takes: %s at %s, moving by %s %%', (symbol, price, swing) => {
    const one = market(symbol, { swingPercent: decimal(swing) });
    for (const plan of planPositions([one])) {
      const { protection } = plan.request(decimal(price));
      const wanted = { ...NO_PROTECTION, ...protectionField().parse(protection) };
      expect(checkProtection(wanted, 'long', one.spec, decimal(price)), plan.kind).toEqual([]);
    }
  });

  it('opens eight positions of all kinds, spread over the markets', () => {
    const plans = planPositions([market('BTC/USDT'), market('ETH/USDT')]);
    expect(plans).toHaveLength(8);
    expect(new Set(plans.map(({ kind }) => kind)).size).toBe(8);
    expect(plans.map(({ market: { spec } }) => spec.symbol)).toContain('ETH/USDT');
  });

  it('asks for no more than a usual trade, but never for less than the venue takes', () => {
    const quantity = (usualSize: string | null): string => {
      const one = market('BTC/USDT', { usualSize: usualSize === null ? null : decimal(usualSize) });
      return planPositions([one])[0]?.request(decimal('50000')).quantity ?? '';
    };
    expect(quantity(null)).toBe('0.02');
    expect(quantity('0.0123456')).toBe('0.01234');
    expect(quantity('0.000001')).toBe('0.0006');
  });
});

describe('the look at a recording', () => {
  const directory = mkdtempSync(join(tmpdir(), 'moniqo-demo-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  const header = 'time_ms,symbol,price,qty,is_buyer_maker,trade_id';

  it('finds symbols, span, swing and usual size', async () => {
    const rows = Array.from({ length: 60 }, (_, at) => {
      const price = at % 2 === 0 ? '100' : '101';
      return `${1_000 * at},SOLUSDT,${price},${at < 20 ? '1' : '2'},0,${at}`;
    });
    const file = join(directory, 'a.csv.gz');
    writeFileSync(file, gzipSync([header, ...rows, 'broken', '1,NOSUCH,1,1,0,1', ''].join('\n')));
    const { spanMs, symbols } = await surveyRecording(file);
    expect(spanMs).toBe(59_000);
    expect(symbols.map(({ spec }) => spec.symbol)).toEqual(['SOL/USDT']);
    expect(symbols[0]?.swingPercent.toFixed()).toBe('1');
    expect(symbols[0]?.usualSize?.toFixed()).toBe('2');
  });

  it('says when there is nothing to trade', async () => {
    const file = join(directory, 'b.csv');
    writeFileSync(file, `${header}\n1,NOSUCH,1,1,0,1\n`);
    await expect(surveyRecording(file)).rejects.toThrow(RecordingError);
  });
});

describe('the demo command line', () => {
  it('names options that belong to npm start only', () => {
    expect(() => parseDemoOptions(['--port', '1'])).toThrow(OptionError);
    expect(() => parseDemoOptions(['--data=x'])).toThrow('unknown option --data=x');
    for (const feed of ['binance', 'polygon']) {
      expect(() => parseDemoOptions(['--feed', feed])).toThrow(`--feed ${feed} goes with npm start`);
    }
    expect(() => parseDemoOptions(['--binance', 'testnet'])).toThrow('unknown option --binance');
    expect(() => parseDemoOptions(['--feed', 'binance'])).toThrow('--feed binance goes with npm start');
    expect(parseDemoOptions(['--json', '--seed', '7'])).toMatchObject({ json: true, seed: '7' });
  });
});

describe('table', () => {
  it('aligns columns', () => {
    expect(
      table(
        ['a', 'n'],
        [
          ['x', '1'],
          ['long', '100'],
        ],
        ['n'],
      ),
    ).toBe(['a       n', '----  ---', 'x       1', 'long  100'].join('\n'));
  });
});

/** `npm run demo` on recorded trades: every number agrees, and every exit is right by an independent look. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { nodeBinary } from '../../infra/local/processes/node-binary.ts';
import { type Recording, recording } from '../support/recordings.ts';
import { type CheckedPosition, checkExits } from './check-exits.ts';

const DEMO = fileURLToPath(new URL('../../infra/local/demo/main.ts', import.meta.url));

interface DemoDocument {
  readonly positions: readonly (CheckedPosition & { readonly status: string })[];
  readonly checks: readonly { readonly name: string; readonly ok: boolean }[];
}

async function demo(...args: readonly string[]): Promise<DemoDocument> {
  const startedAt = Date.now();
  const child = spawn(nodeBinary(), [DEMO, '--json', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err]: [string[], string[]] = [[], []];
  child.stdout.on('data', (data: Buffer) => out.push(data.toString()));
  child.stderr.on('data', (data: Buffer) => err.push(data.toString()));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`exit code ${code}:\n${err.join('')}\n${out.join('')}`);
  console.log(`demo ${args.at(-1) ?? ''}: ${((Date.now() - startedAt) / 1_000).toFixed(0)} s`);
  return JSON.parse(out.join('')) as DemoDocument;
}

const RECORDINGS: readonly (readonly [string, Recording])[] = [
  ['the calm spot file', recording('binance-spot-btcusdt-ethusdt-20240808.csv.gz')],
  ['the full Gemini day', recording('gemini-ethusd-20210701.csv.gz')],
  ['the flash crash of May 2021', recording('binance-spot-btcusdt-20210519-flash-crash-100ms.csv.gz')],
];

describe('the demo', () => {
  it('on made-up prices closes everything and its numbers agree', async () => {
    const { positions, checks } = await demo();
    expect(positions.length).toBeGreaterThanOrEqual(5);
    expect(positions.filter(({ status }) => status !== 'closed')).toEqual([]);
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  });

  for (const [name, { file, missing }] of RECORDINGS) {
    it.skipIf(missing)(`on ${name}: each exit by the first trade that reaches its level`, async () => {
      const { positions, checks } = await demo('--feed', `replay:${file}`);
      expect(positions.length).toBeGreaterThanOrEqual(5);
      expect(positions.filter(({ status }) => status !== 'closed')).toEqual([]);
      expect(checks.filter(({ ok }) => !ok)).toEqual([]);
      const { looked, wrong } = checkExits(file, positions);
      expect(wrong).toEqual([]);
      expect(looked).toBeGreaterThan(0);
    });
  }
});

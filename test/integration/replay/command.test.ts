/** `npm run replay` as a process: what it prints, twice the same, and how it ends. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import * as z from 'zod';

const MAIN = resolve(import.meta.dirname, '../../../infra/replay/main.ts');
const folder = mkdtempSync(join(tmpdir(), 'moniqo-replay-'));
afterAll(() => rmSync(folder, { recursive: true }));

function run(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
    timeout: 60_000,
    maxBuffer: 64 * 1024 * 1024,
  });
  return { status, stdout, stderr };
}

/** Two hours of one trade per second. */
function recordingOf(name: string): string {
  const lines = ['time_ms,symbol,price,qty,is_buyer_maker,trade_id'];
  for (let at = 0; at < 7_200; at += 1) {
    const price = 60_000 + Math.round(600 * Math.sin(at / 400)) + ((at * 7_919) % 37);
    lines.push(`${Date.UTC(2026, 0, 5) + at * 1_000},BTCUSDT,${price}.5,0.004,0,${at}`);
  }
  const file = join(folder, name);
  writeFileSync(file, gzipSync(`${lines.join('\n')}\n`));
  return file;
}

const Document = z.object({
  command: z.literal('replay'),
  source: z.object({ ticks: z.number() }),
  actual: z.object({
    decisions: z.array(z.object({ kind: z.string(), tick: z.number(), at: z.number() })).min(1),
    positions: z.array(z.object({ name: z.string(), status: z.string(), pnl: z.string() })).min(1),
    checks: z.array(z.object({ ok: z.literal(true) })).min(3),
  }),
  counterfactual: z.object({ with: z.string() }),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  figures: z.object({ ticks: z.number(), times_real_time: z.number(), seconds: z.number() }),
  targets: z.array(z.object({ name: z.string(), limit: z.literal(500), met: z.boolean() })).length(1),
  machine: z.object({ cores: z.number() }),
  versions: z.object({ moniqo: z.string(), node: z.string() }),
});

describe('npm run replay', () => {
  const file = recordingOf('day.csv.gz');

  it('prints the same bytes in every run, and what it measured on stderr', () => {
    const first = run(file, '--with', 'stop=0.3%');
    expect(first).toMatchObject({ status: 0 });
    expect(first.stdout).toContain('Each decision with stop=0.3%');
    expect(first.stdout).toMatch(/exit_claimed +\w+ [\d.]+ <- bid [\d.]+ \(tick; armed at tick \d+/);
    expect(first.stderr).toMatch(/times real time \(target >= 500: /);
    expect(run(file, '--with', 'stop=0.3%').stdout).toBe(first.stdout);
  });

  it('prints one JSON document with its figures, target, machine and versions', () => {
    const { status, stdout } = run(file, '--with', 'stop=0.3%', '--json');
    expect(status).toBe(0);
    const document = Document.parse(JSON.parse(stdout));
    expect(document.source.ticks).toBe(7_200);
    expect(run(file, '--with', 'stop=0.3%', '--summary').stdout).toContain(document.digest);
  });

  it('needs no file', () => {
    const { status, stdout } = run('--summary');
    expect(status).toBe(0);
    expect(stdout).toContain('a made-up day, seed 1');
    expect(stdout).toMatch(/96 positions: P&L /);
  });

  it('ends with 2 for a usage that makes no sense and with 1 for a file that cannot be read', () => {
    expect(run('--with', 'stop')).toMatchObject({ status: 2, stdout: '' });
    const plan = join(folder, 'plan.json');
    writeFileSync(plan, '{"positions":[]}');
    const refused = run(file, '--plan', plan);
    expect(refused).toMatchObject({ status: 2, stdout: '' });
    expect(refused.stderr).toContain('positions');
    const broken = join(folder, 'broken.csv.gz');
    writeFileSync(broken, 'no gzip');
    const failed = run(broken);
    expect(failed).toMatchObject({ status: 1, stdout: '' });
    expect(failed.stderr).toContain(broken);
  });
});

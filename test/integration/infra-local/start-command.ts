/** `npm start` as a process of its own, for tests. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, vi } from 'vitest';
import { nodeBinary } from '../../../infra/local/processes/node-binary.ts';
import { descendants } from './processes.ts';

const MAIN = fileURLToPath(new URL('../../../infra/local/main.ts', import.meta.url));
/** Generous: other tests may have the machine. */
export const START = { timeout: 60_000, interval: 50 };
const ACTIVE = { timeout: 20_000, interval: 200 };

/** The line of `--json`. */
export interface Ready {
  readonly ready: boolean;
  readonly console: string;
  readonly api: string;
  readonly token: string;
  readonly simulator: { readonly rest_url: string; readonly wallet_id: string };
}

const started: ChildProcess[] = [];

/** SIGKILL to those that still run: for `afterEach`. */
export function killStarted(): void {
  for (const child of started.splice(0)) child.kill('SIGKILL');
}

export function run(...args: string[]) {
  const child = spawn(nodeBinary(), [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(child);
  const output = { stdout: [] as string[], stderr: [] as string[] };
  for (const name of ['stdout', 'stderr'] as const) {
    createInterface({ input: child[name] }).on('line', (line) => output[name].push(line));
  }
  return { child, output };
}

/** Started on any port; resolves with its first line. */
export async function ready(args: string[]) {
  const { child, output } = run('--port', '0', '--json', ...args);
  const gone = once(child, 'exit').then(() => {
    throw new Error(`it ended: ${output.stderr.join('\n')}`);
  });
  const line = vi.waitFor(() => expect(output.stdout.length).toBeGreaterThan(0), START);
  gone.catch(() => undefined);
  await Promise.race([line, gone]);
  const told = JSON.parse(output.stdout[0] ?? '') as Ready;
  return { child, output, told, children: descendants(child.pid ?? 0) };
}

/** `demo-user` has this wallet on the simulator and no other, and its keys were found good. */
export const untilActive = ({ api, token }: Ready, walletId: string): Promise<void> =>
  vi.waitFor(async () => {
    const answer = await fetch(`${api}/api/v1/wallets`, { headers: { authorization: `Bearer ${token}` } });
    expect(((await answer.json()) as { items: unknown[] }).items).toEqual([
      expect.objectContaining({
        wallet_id: walletId,
        name: 'simulator',
        status: 'active',
        problem: null,
      }),
    ]);
  }, ACTIVE);

/** One simulator for a file of fault tests: armed rules, the log, and clients that end with each test. */
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { PolygonSimulator } from '../../../infra/local/venues/polygon/start.ts';
import { aPolygon, arm, Client, control, KEY, live } from './client.ts';

let started: PolygonSimulator | null = null;
let open: Client[] = [];

export function simulator(): PolygonSimulator {
  if (started === null) throw new Error('useSimulator has not been called');
  return started;
}

/** Starts it before the file's tests and stops it after them. */
export function useSimulator(): void {
  beforeAll(async () => {
    started = await aPolygon({ rate: 1_000 });
  });
  afterEach(async () => {
    for (const client of open) client.end();
    open = [];
    await control(simulator(), 'DELETE', '/faults');
  });
  afterAll(() => simulator().stop());
}

export const kept = (client: Client): Client => {
  open.push(client);
  return client;
};
export const url = (cluster = 'crypto'): string => `${simulator().wsUrl}/${cluster}`;
export const on = async (topics: readonly string[], cluster?: string): Promise<Client> =>
  kept(await live(url(cluster), topics));
export const entered = async (): Promise<Client> => {
  const client = kept(await Client.open(url()));
  client.send('auth', KEY);
  return client;
};

export interface Entry {
  readonly seq: number;
  readonly kind: string;
  readonly rule: number | null;
  readonly message?: string;
}

export async function logged(kind: string, after = 0): Promise<readonly Entry[]> {
  const { body } = await control(simulator(), 'GET', `/log?after=${after}`);
  return (body['entries'] as Entry[]).filter((entry) => entry.kind === kind);
}

export async function strike(
  ...rules: readonly { when?: unknown; times?: number; do: { kind: string } }[]
): Promise<void> {
  await arm(simulator(), ...rules);
}

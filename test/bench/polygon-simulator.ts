/**
 * What the Polygon simulator sends: 500 symbols at 20,000 and at 50,000 trades and quotes a second, its own process, to
 * one bare `ws` client that parses each frame. Nothing may be lost on the way.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { table } from '../../infra/local/demo/table.ts';
import { Logs } from '../../infra/local/processes/logs.ts';
import { type LocalPolygon, startPolygonSimulator } from '../../infra/local/services/polygon-simulator.ts';
import { until } from '../support/until.ts';
import { atLeast, type BenchResult, distribution, targetLine } from './report.ts';

const RATES = [20_000, 50_000] as const;
/** With the nine that are always there. */
const MORE_SYMBOLS = 491;
const WARM_UP_MS = 2_000;
const MEASURED_MS = 10_000;
const CLOSE_ENOUGH = 0.98;
/** Of the kernel's clock, in which /proc counts. */
const TICKS_PER_SECOND = 100;

interface Told {
  readonly ev: string;
  readonly r?: number;
}

const COLUMNS = ['asked', 'received/s', 'MB/s', 'lag p50 ms', 'lag p99 ms', 'of a core'];

class Reader {
  messages = 0;
  bytes = 0;
  lags: number[] = [];
  readonly #socket: WebSocket;

  constructor(url: string, key: string) {
    this.#socket = new WebSocket(url, { perMessageDeflate: false });
    this.#socket.on('message', (data: Buffer) => {
      const now = Date.now();
      const told = JSON.parse(data.toString('utf8')) as readonly Told[];
      const [first] = told;
      if (first?.ev === 'status') {
        this.#onStatus(data.toString('utf8'), key);
        return;
      }
      this.messages += told.length;
      this.bytes += data.length;
      // The oldest of the frame has waited longest.
      if (first?.r !== undefined) this.lags.push(now - first.r);
    });
  }

  #onStatus(text: string, key: string): void {
    if (text.includes('"connected"')) this.#send('auth', key);
    if (text.includes('auth_success')) this.#send('subscribe', 'XT.*,XQ.*');
  }

  #send(action: string, params: string): void {
    this.#socket.send(JSON.stringify({ action, params }));
  }

  stop(): void {
    this.#socket.terminate();
  }
}

async function control<T>({ controlUrl }: LocalPolygon, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${controlUrl}/control${path}`, {
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

/** Seconds of a core that a process has used; null where there is no /proc. */
function coreSeconds(pid: number): number | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  } catch {
    return null;
  }
}

interface Row {
  readonly rate: number;
  readonly received: number;
  readonly megabytes: number;
  readonly lagP50: number;
  readonly lagP99: number;
  readonly core: number | null;
  readonly lost: number;
}

async function measure(rate: number, logs: Logs): Promise<Row> {
  const polygon = await startPolygonSimulator({
    logs,
    args: ['--rate', String(rate), '--symbols', String(MORE_SYMBOLS)],
  });
  const reader = new Reader(`${polygon.wsUrl}/crypto`, polygon.key);
  try {
    await until(
      'data',
      () => reader.messages,
      (n) => n > 0,
    );
    // The other clusters are not what is measured.
    for (const cluster of ['stocks', 'forex']) await control(polygon, '/rate', { cluster, perSecond: 0 });
    await sleep(WARM_UP_MS);
    const before = { messages: reader.messages, bytes: reader.bytes, core: coreSeconds(polygon.pid) };
    reader.lags = [];
    const from = performance.now();
    await sleep(MEASURED_MS);
    const seconds = (performance.now() - from) / 1_000;
    const received = (reader.messages - before.messages) / seconds;
    const megabytes = (reader.bytes - before.bytes) / seconds / 1_000_000;
    const core = coreSeconds(polygon.pid);
    const lag = distribution(reader.lags);
    await control(polygon, '/rate', { cluster: 'crypto', perSecond: 0 });
    const lost = await lostOf(polygon, reader);
    const share = core === null || before.core === null ? null : (core - before.core) / seconds;
    return { rate, received, megabytes, lagP50: lag.p50, lagP99: lag.p99, core: share, lost };
  } finally {
    reader.stop();
    await polygon.stop();
  }
}

/** When all is quiet: what was sent and did not come. Four statuses were sent too: connected, auth, two confirmations. */
async function lostOf(polygon: LocalPolygon, reader: Reader): Promise<number> {
  const STATUSES = 4;
  let lost = Number.NaN;
  for (let tries = 0; tries < 50 && lost !== 0; tries += 1) {
    await sleep(100);
    const [connection] = await control<{ sentMessages: number }[]>(polygon, '/connections');
    lost = (connection?.sentMessages ?? Number.NaN) - STATUSES - reader.messages;
  }
  return lost;
}

export async function benchPolygonSimulator(note: (line: string) => void): Promise<BenchResult> {
  const directory = mkdtempSync(join(tmpdir(), 'moniqo-bench-polygon-'));
  const logs = new Logs({ directory, verbose: false, show: note });
  const rows: Row[] = [];
  try {
    for (const rate of RATES) {
      note(`${rate} messages/s ...`);
      rows.push(await measure(rate, logs));
    }
  } finally {
    await logs.close();
    rmSync(directory, { recursive: true });
  }
  const targets = rows.map(({ rate, received }) =>
    atLeast(
      `received at ${rate.toLocaleString('en-US')}/s`,
      Math.round(received),
      rate * CLOSE_ENOUGH,
      'messages/s',
    ),
  );
  const text = table(
    COLUMNS,
    rows.map((row) => [
      row.rate.toLocaleString('en-US'),
      Math.round(row.received).toLocaleString('en-US'),
      row.megabytes.toFixed(1),
      String(row.lagP50),
      String(row.lagP99),
      row.core === null ? '?' : `${Math.round(row.core * 100)} %`,
    ]),
    COLUMNS,
  );
  return {
    document: { rows, targets },
    text: [text, '', ...targets.map(targetLine)].join('\n'),
    wrong: rows
      .filter(({ lost }) => lost !== 0)
      .map(({ rate, lost }) => `at ${rate}/s ${lost} messages were lost`),
  };
}

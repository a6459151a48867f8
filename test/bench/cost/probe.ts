/**
 * Loaded into the processes of functions and streamer by the measurement (NODE_OPTIONS), beside the deployed bundle: what an
 * invocation sends to SQS, how long it takes, what it logs. A line for each invocation, and each second for what runs without
 * any, goes to MONIQO_COST_FILE.
 */
import { subscribe } from 'node:diagnostics_channel';
import { appendFileSync } from 'node:fs';
import type { ClientRequest } from 'node:http';
import { Socket } from 'node:net';
import type { ProbeLine } from './figures.ts';

const file = process.env['MONIQO_COST_FILE'];
const who = process.env['MONIQO_COST_NAME'] ?? 'unknown';
const TARGET = 'x-amz-target';
const EMPTY = (): Omit<ProbeLine, 'at' | 'who' | 'invocations' | 'ms' | 'cpuMs'> => ({
  sqs: {},
  valkey: 0,
  scripts: 0,
  cacheBytes: 0,
  logBytes: 0,
  emfLines: 0,
  emf: [],
});

interface Invoke {
  readonly type?: unknown;
  readonly id?: string;
}

if (file !== undefined) {
  let since = EMPTY();
  const started = new Map<string, number>();
  let underWay = 0;

  let used = process.cpuUsage();
  /** Of a core, since the last time, ms: it does not grow when the machine is busy with other things. */
  const cpuMs = (): number => {
    const { user, system } = process.cpuUsage(used);
    used = process.cpuUsage();
    return (user + system) / 1_000;
  };

  const flush = (invocations: number, ms: number): void => {
    const { sqs, valkey, scripts, logBytes, emfLines, emf } = since;
    const bytes = cacheBytes();
    since = EMPTY();
    if (invocations === 0 && valkey === 0 && bytes === 0 && logBytes === 0 && Object.keys(sqs).length === 0)
      return;
    const line: ProbeLine = {
      at: Date.now(),
      who,
      invocations,
      ms,
      cpuMs: cpuMs(),
      sqs,
      valkey,
      scripts,
      cacheBytes: bytes,
      logBytes,
      emfLines,
      emf,
    };
    appendFileSync(file, `${JSON.stringify(line)}\n`);
  };

  subscribe('http.client.request.created', (told) => {
    const { request } = told as { readonly request: ClientRequest };
    const [service, call = ''] = String(request.getHeader(TARGET) ?? '').split('.');
    if (service !== 'AmazonSQS') return;
    since.sqs[call] = (since.sqs[call] ?? 0) + 1;
  });

  const cachePort = Number(new URL(process.env['VALKEY_URL'] ?? 'redis://nowhere:1').port); // not money: a port
  const toSocket = Socket.prototype.write;
  const sockets = new Map<Socket, number>();
  /** Bytes of all of them since the last time; a socket that is gone has told its last. */
  const cacheBytes = (): number => {
    let bytes = 0;
    for (const [socket, before] of sockets) {
      const now = socket.bytesRead + socket.bytesWritten;
      bytes += now - before;
      if (socket.destroyed) sockets.delete(socket);
      else sockets.set(socket, now);
    }
    return bytes;
  };
  const counted = function (this: Socket, chunk: unknown, ...more: unknown[]): boolean {
    // The protocol's own form of a command: so many parts, the first one with its name.
    if (this.remotePort === cachePort && (typeof chunk === 'string' || chunk instanceof Uint8Array)) {
      if (!sockets.has(this)) sockets.set(this, 0);
      const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('latin1');
      for (const [, name = ''] of text.matchAll(/\*\d+\r\n\$\d+\r\n([A-Za-z]+)\r\n/g)) {
        since.valkey += 1;
        if (/^EVAL/i.test(name)) since.scripts += 1;
      }
    }
    return (toSocket as (...words: unknown[]) => boolean).call(this, chunk, ...more);
  };
  Socket.prototype.write = counted as typeof toSocket;

  const write = process.stdout.write.bind(process.stdout);
  const counting = (chunk: string | Uint8Array, ...more: unknown[]): boolean => {
    const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    since.logBytes += Buffer.byteLength(text);
    for (const line of text.split('\n')) {
      if (!line.includes('"_aws"')) continue;
      since.emfLines += 1;
      since.emf.push(line);
    }
    return (write as (...words: unknown[]) => boolean)(chunk, ...more);
  };
  process.stdout.write = counting as typeof process.stdout.write;

  // The runner tells the beginning of an invocation and hears its end (infra/local/functions/function-host.ts).
  process.on('message', (told: unknown) => {
    const message = told as Invoke;
    if (message.type !== 'invoke' || message.id === undefined) return;
    underWay += 1;
    started.set(message.id, performance.now());
  });
  const send = process.send?.bind(process);
  if (send !== undefined) {
    process.send = ((message: Invoke, ...more: unknown[]) => {
      const begun = message.id === undefined ? undefined : started.get(message.id);
      if (begun !== undefined && (message.type === 'result' || message.type === 'error')) {
        started.delete(message.id ?? '');
        underWay -= 1;
        flush(1, performance.now() - begun);
      }
      return (send as (...words: unknown[]) => boolean)(message, ...more);
    }) as NonNullable<typeof process.send>;
  }
  setInterval(() => {
    if (underWay === 0) flush(0, 0);
  }, 1_000).unref();
}

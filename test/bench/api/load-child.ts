/**
 * The process that asks: a client of its own, so that neither the system's gateway nor the bench holds it up. It sends what
 * it is told when it is due, whatever became of earlier requests, or one request after the other.
 */
import { Agent, request as httpRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Load, LoadSaid } from './load.ts';
import { type BenchRequest, judge } from './requests.ts';
import type { Sample } from './statistics.ts';

const TIMEOUT_MS = 15_000;
/** Time to get everything ready before the first request is due. */
const LEAD_MS = 500;

const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });

interface Answer {
  readonly status: number;
  readonly text: string;
}

function ask({ api, tokens }: Load, { method, path, body, key, trader }: BenchRequest): Promise<Answer> {
  const content = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const asked = httpRequest(`${api}/api/v1${path}`, {
      method,
      agent,
      timeout: TIMEOUT_MS,
      headers: {
        authorization: `Bearer ${tokens[trader]}`,
        ...(content !== undefined && {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(content),
          prefer: 'wait=10',
        }),
        ...(key !== undefined && { 'idempotency-key': key }),
      },
    });
    asked.on('timeout', () => asked.destroy(new Error('timeout')));
    asked.on('error', reject);
    asked.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
      );
    });
    asked.end(content);
  });
}

async function sampleOf(load: Load, one: BenchRequest, dueAt: number): Promise<Sample> {
  const lateMs = performance.now() - dueAt;
  const { kind } = one;
  try {
    const { status, text } = await ask(load, one);
    // The answer is whole here; to judge it is the bench's own work.
    const latencyMs = performance.now() - dueAt;
    return { kind, latencyMs, lateMs, ...judge(one, status, text) };
  } catch (error) {
    const latencyMs = performance.now() - dueAt;
    const problem = error instanceof Error ? error.message : String(error);
    return { kind, latencyMs, lateMs, problem: `no answer: ${problem}`, wrong: null };
  }
}

async function oneByOne(load: Load): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  for (const one of load.requests) {
    samples.push(await sampleOf(load, one, performance.now()));
    await sleep(load.gapMs);
  }
  return samples;
}

async function asPlanned(load: Load): Promise<readonly Sample[]> {
  const begin = performance.now() + LEAD_MS;
  const asked: Promise<Sample>[] = [];
  for (const one of load.requests) {
    const dueAt = begin + one.at;
    const left = dueAt - performance.now();
    if (left > 0) await sleep(left);
    asked.push(sampleOf(load, one, dueAt));
  }
  return Promise.all(asked);
}

const say = (said: LoadSaid): void => void process.send?.(said);

process.on('disconnect', () => process.exit(0));
process.on('message', (load: Load) => {
  (load.mode === 'as planned' ? asPlanned(load) : oneByOne(load)).then(
    (samples) => say({ say: 'done', samples }),
    (error: unknown) =>
      say({ say: 'failed', error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});

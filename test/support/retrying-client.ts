/**
 * A client that wants each of its intents done once, over a network that cuts connections: it sends a request several
 * times side by side under one key, and again until it hears an answer. Everything it draws comes from a seed.
 */
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '../../shared/feeds/prng.ts';
import type { OrderView } from '../../shared/usecases/views/order-view.ts';
import { type CuttingProxy, type Fate, startCuttingProxy } from './cutting-proxy.ts';
import type { Problem } from './trader.ts';

const ANSWER_WITHIN_MS = 30_000;
const MOST_SENDS = 60;

export interface Intent {
  readonly key: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What was heard of an intent. */
export interface Heard {
  readonly intent: Intent;
  readonly sends: number;
  readonly answers: readonly { readonly status: number; readonly body: OrderView }[];
}

export interface Network {
  readonly proxy: CuttingProxy;
  /** Requests that the client itself gave up while they were under way. */
  readonly abandoned: () => number;
  send(intent: Intent): Promise<Heard>;
}

/** One of ten connections is cut at each of the four places; the client lets go of one in ten itself. */
export async function startNetwork(api: string, token: string, seed: number): Promise<Network> {
  const next = seededRandom(seed);
  const random = (): number => next() / 2 ** 32;
  const fateOf = (): { fate: Fate; part: number } => {
    const drawn = random();
    const cuts: readonly Fate[] = ['refused', 'in_request', 'before_answer', 'in_answer'];
    return { fate: cuts[Math.floor(drawn * 10)] ?? 'through', part: random() };
  };
  const proxy = await startCuttingProxy(api, fateOf);
  let abandoned = 0;

  /** Null: no whole answer came. */
  function once({ key, body }: Intent, giveUpAfterMs: number | null) {
    const text = JSON.stringify(body);
    return new Promise<{ status: number; body: OrderView } | null>((resolve) => {
      const sent = request(`${proxy.url}/api/v1/orders`, {
        method: 'POST',
        agent: false,
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(text),
          'idempotency-key': key,
          // Most do not wait for the outcome: a client in a hurry.
          ...(random() < 0.7 && { prefer: 'wait=0' }),
        },
        timeout: ANSWER_WITHIN_MS,
      });
      sent.on('timeout', () => sent.destroy());
      sent.on('error', () => resolve(null));
      sent.on('response', (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', () => resolve(null));
        response.on('close', () => resolve(null));
        response.on('end', () => {
          if (!response.complete) return resolve(null);
          resolve({
            status: response.statusCode ?? 0,
            body: JSON.parse(Buffer.concat(parts).toString()) as OrderView,
          });
        });
      });
      if (giveUpAfterMs !== null) {
        setTimeout(() => {
          if (sent.destroyed) return;
          abandoned += 1;
          sent.destroy();
        }, giveUpAfterMs).unref();
      }
      sent.end(text);
    });
  }

  async function send(intent: Intent): Promise<Heard> {
    const answers: { status: number; body: OrderView }[] = [];
    let sends = 0;
    const several = async (times: number): Promise<void> => {
      const plans = Array.from({ length: times }, () => (random() < 0.1 ? random() * 120 : null));
      sends += times;
      for (const answer of await Promise.all(plans.map((plan) => once(intent, plan)))) {
        if (answer !== null) answers.push(answer);
      }
    };
    await several(1 + Math.floor(random() * 5));
    while (!answers.some(isGood)) {
      if (sends > MOST_SENDS)
        throw new Error(`${intent.key}: no answer to ${sends} sends; ${textOf(answers)}`);
      await sleep(50 + random() * 200);
      await several(1);
    }
    return { intent, sends, answers };
  }

  return { proxy, abandoned: () => abandoned, send };
}

export const isGood = ({ status }: { readonly status: number }): boolean => status < 300;
const textOf = (answers: Heard['answers']): string =>
  JSON.stringify(answers.map(({ status, body }) => [status, (body as unknown as Problem).code]));

/** Intents worked so many at once, in their order. */
export async function sendAll(
  network: Network,
  intents: readonly Intent[],
  atOnce: number,
): Promise<readonly Heard[]> {
  const heard: Heard[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let intent = intents[next]; intent !== undefined; intent = intents[next]) {
      next += 1;
      heard.push(await network.send(intent));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return heard;
}

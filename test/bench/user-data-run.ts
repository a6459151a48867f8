/**
 * User data under load: many wallets on one connection, their reports into a FIFO queue, and what arrives there.
 *
 * The venue and the queue are stand-ins on this machine and share its cores; socket, signatures, parsing and the calls
 * of the queue are the real ones.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { DeleteMessageBatchCommand, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { decodeReport } from '../../shared/adapters/sqs/messages.ts';
import { createOutbox } from '../../shared/adapters/sqs/outbox.ts';
import { createOpenConnection } from '../../shared/adapters/ws/connection.ts';
import { decimalText } from '../../shared/domain/money/decimal.ts';
import { symbolRegistry } from '../../shared/domain/symbols.ts';
import type { ExecutionReport } from '../../shared/domain/types.ts';
import { USER_DATA_STREAM_DEFAULTS } from '../../shared/usecases/stream-user-data/ports.ts';
import { ReportQueue } from '../../shared/usecases/stream-user-data/report-queue.ts';
import { createUserDataSource } from '../../shared/venues/binance/user-data/user-data-source.ts';
import { startSqs } from '../support/sqs.ts';
import { clientIdOf, fillEvent, UserDataServer } from '../support/user-data-server.ts';

export interface UserDataLoad {
  readonly wallets: number;
  readonly reports: number;
  /** Null = as fast as the venue can send. */
  readonly perSecond: number | null;
}

export interface UserDataFigures {
  readonly connections: number;
  readonly sent: number;
  /** Different reports that came out of the queue. */
  readonly arrived: number;
  /** Orders whose reports came out in another order than they were sent. */
  readonly disordered: number;
  /** From the first report sent to the last one taken by the queue. */
  readonly seconds: number;
  readonly perSecond: number;
  /** From the venue's send to the queue's answer, ms. */
  readonly delays: readonly number[];
}

/** Reports of one order: so many parts of it. */
const REPORTS_PER_ORDER = 10;
const PACE_MS = 10;

const keyOf = (clientId: string, cumulative: string): string => `${clientId} ${cumulative}`;

/** @throws when the wallets are not subscribed or the reports not taken in time */
export async function runUserData({ wallets, reports, perSecond }: UserDataLoad): Promise<UserDataFigures> {
  const server = new UserDataServer();
  await server.start();
  const sqs = await startSqs();
  const sentAt = new Map<string, number>();
  const delays: number[] = [];
  const outbox = createOutbox({ client: sqs.client, ...sqs.queues });
  const quiet = (): void => undefined;
  const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
  const clock = { now: () => Date.now() };
  const queue = new ReportQueue({
    outbox,
    log,
    settings: { ...USER_DATA_STREAM_DEFAULTS, mostReports: reports },
    onSent: ({ clientId, cumulativeQuantity }) => {
      const at = sentAt.get(keyOf(clientId, decimalText(cumulativeQuantity)));
      if (at !== undefined) delays.push(performance.now() - at);
    },
    onLost: quiet,
  });
  const registry = symbolRegistry();
  let gaps = 0;
  const source = createUserDataSource({
    environment: 'binance_simulator',
    url: server.url,
    openConnection: createOpenConnection({ clock, log }),
    keys: { open: async (sealed) => ({ keyType: 'hmac', apiKey: sealed, secret: `secret of ${sealed}` }) },
    venueClock: { venueTime: async () => Date.now(), distrust: quiet },
    symbols: { find: async (_, text) => registry.find(text) },
    budget: {
      ask: async () => ({ granted: true, grantId: 'g' }),
      correct: async () => undefined,
      block: async () => undefined,
    },
    clock,
    log,
    handlers: {
      onReport: (report: ExecutionReport) => queue.accept(report),
      onLook: quiet,
      onListDone: quiet,
      onForeign: quiet,
      onGap: () => {
        gaps += 1;
      },
    },
  });
  try {
    const apiKeys = Array.from({ length: wallets }, (_, i) => `key${i}`);
    for (const apiKey of apiKeys) server.secrets.set(apiKey, `secret of ${apiKey}`);
    source.watch(
      apiKeys.map((apiKey) => ({ walletId: apiKey, userId: 'u', keyVersion: 1, sealedKeys: apiKey })),
    );
    await waitFor('subscribed', () => gaps >= wallets);
    const connections = server.sockets.sockets.size;

    const began = performance.now();
    const push = (nth: number): void => {
      // The parts of many orders mixed, each order's own in turn.
      const round = Math.floor(nth / (wallets * REPORTS_PER_ORDER));
      const part = Math.floor(nth / wallets) % REPORTS_PER_ORDER;
      const wallet = nth % wallets;
      const clientId = clientIdOf(round * wallets + wallet + 1);
      const event = fillEvent(clientId, part + 1, { t: nth + 1, I: nth + 1 });
      sentAt.set(keyOf(clientId, part === 9 ? '1' : `0.${part + 1}`), performance.now());
      if (server.push(`key${wallet}`, event) !== 1) throw new Error(`key${wallet} is not subscribed`);
    };
    for (let nth = 0; nth < reports; ) {
      const due =
        perSecond === null ? nth + 500 : Math.floor(((performance.now() - began) / 1000) * perSecond) + 1;
      for (; nth < Math.min(due, reports); nth++) push(nth);
      await sleep(perSecond === null ? 0 : PACE_MS);
    }
    await waitFor('taken by the queue', () => delays.length >= reports);
    const seconds = (performance.now() - began) / 1000;
    const { arrived, disordered } = await drain(sqs.client, sqs.queues.executionsQueueUrl, reports);
    return { connections, sent: reports, arrived, disordered, seconds, perSecond: reports / seconds, delays };
  } finally {
    await source.stop();
    queue.close();
    await server.stop();
    await sqs.stop();
  }
}

/** Takes everything out of the queue, and looks at each order's sequence. */
async function drain(client: SQSClient, QueueUrl: string, expected: number) {
  const last = new Map<string, number>();
  const seen = new Set<string>();
  const disordered = new Set<string>();
  const deadline = performance.now() + 120_000;
  while (seen.size < expected && performance.now() < deadline) {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
    );
    if (Messages.length === 0) break;
    for (const { Body = '' } of Messages) {
      const report = decodeReport(Body);
      if (!report.ok) throw new Error(report.error.reason);
      const { clientId, fills } = report.value;
      const trade = Number(fills[0]?.tradeId);
      seen.add(`${clientId} ${trade}`);
      if (trade < (last.get(clientId) ?? 0)) disordered.add(clientId);
      last.set(clientId, trade);
    }
    const Entries = Messages.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle }));
    await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
  }
  return { arrived: seen.size, disordered: disordered.size };
}

async function waitFor(what: string, isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + 120_000;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`not ${what} within 120 s`);
    await sleep(5);
  }
}

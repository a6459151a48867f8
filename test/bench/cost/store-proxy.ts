/**
 * Stands between a process and DynamoDB Local: asks for the capacity that each request takes, which the product itself never does,
 * and counts it. One port for each process, so that it is known who asked.
 */
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { StoreCall } from './figures.ts';

interface Capacity {
  readonly TableName?: string;
  readonly CapacityUnits?: number;
  readonly ReadCapacityUnits?: number;
  readonly WriteCapacityUnits?: number;
}

const READS = /^(GetItem|BatchGetItem|Query|Scan|TransactGetItems)$/;

/** A condition that does not hold costs as if it did, and the answer does not say how much: 1 KB is taken for each item. */
const REFUSED = /ConditionalCheckFailed|TransactionCanceled/;

interface Written {
  readonly TableName?: string;
}

function unitsOfRefused(call: string, asked: Record<string, unknown>): StoreCall['units'] {
  if (call !== 'TransactWriteItems') return [{ table: String(asked['TableName']), read: 0, write: 1 }];
  const items = asked['TransactItems'] as readonly Record<string, Written>[];
  return items.map((item) => ({ table: Object.values(item)[0]?.TableName ?? '', read: 0, write: 2 }));
}

/** DynamoDB Local says 0 of a read that finds nothing; on AWS it takes what the smallest one takes. */
const leastOf = (asked: Record<string, unknown>): number => (asked['ConsistentRead'] === true ? 1 : 0.5);

async function bodyOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

type Asked = Record<string, unknown>;

/** The rights that a request takes, each as `Query TABLE/index/NAME`; a transaction is what it is made of. */
function rightsFor(call: string, asked: Asked): readonly string[] {
  const on = ({ TableName, IndexName }: Asked): string =>
    `${String(TableName)}${IndexName === undefined ? '' : `/index/${String(IndexName)}`}`;
  if (call === 'BatchGetItem' || call === 'BatchWriteItem')
    return Object.keys(asked['RequestItems'] as Asked).map((table) => `${call} ${table}`);
  if (call !== 'TransactWriteItems') return [`${call} ${on(asked)}`];
  return (asked['TransactItems'] as readonly Record<string, Asked>[]).flatMap((item) =>
    Object.entries(item).map(
      ([kind, one]) => `${kind === 'ConditionCheck' ? 'ConditionCheckItem' : `${kind}Item`} ${on(one)}`,
    ),
  );
}

export class StoreProxy {
  readonly calls: StoreCall[] = [];
  /** Who has taken which right: `streamer Scan TABLE/index/live`. */
  readonly rights = new Set<string>();
  readonly #servers: Server[] = [];
  #target: URL | null = null;
  readonly #opened: Promise<void>;
  #open: () => void = () => undefined;

  constructor() {
    this.#opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  /** Where a process with this name is to send its requests; they wait until `open`. */
  async addressFor(who: string): Promise<string> {
    const server = createServer((incoming, outgoing) => {
      this.#forward(who, incoming).then(
        ({ status, headers, text }) => {
          outgoing.writeHead(status, headers).end(text);
        },
        () => outgoing.destroy(),
      );
    });
    this.#servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  open(endpoint: string): void {
    this.#target = new URL(endpoint);
    this.#open();
  }

  async close(): Promise<void> {
    this.#open();
    for (const server of this.#servers) {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    }
  }

  async #forward(
    who: string,
    incoming: IncomingMessage,
  ): Promise<{ readonly status: number; readonly headers: Record<string, string>; readonly text: string }> {
    const call = String(incoming.headers['x-amz-target'] ?? '').split('.')[1] ?? '';
    const asked = JSON.parse(await bodyOf(incoming)) as Record<string, unknown>;
    for (const right of rightsFor(call, asked)) this.rights.add(`${who} ${right}`);
    await this.#opened;
    const target = this.#target;
    if (target === null) throw new Error('closed before it was opened');
    const body = JSON.stringify({ ...asked, ReturnConsumedCapacity: 'INDEXES' });
    const { host: _host, 'content-length': _length, ...headers } = incoming.headers;
    return new Promise((resolve, reject) => {
      const forwarded = httpRequest(
        target,
        { method: 'POST', headers: { ...headers, 'content-length': Buffer.byteLength(body) } },
        (response) => {
          bodyOf(response).then((text) => {
            this.#count(who, call, asked, response.statusCode ?? 0, text);
            // The checksum is of the text, which passes as it is.
            const { 'content-length': _told, 'transfer-encoding': _how, ...told } = response.headers;
            resolve({
              status: response.statusCode ?? 502,
              headers: told as Record<string, string>,
              text,
            });
          }, reject);
        },
      );
      forwarded.on('error', reject);
      forwarded.end(body);
    });
  }

  #count(who: string, call: string, asked: Record<string, unknown>, status: number, text: string): void {
    if (status !== 200) {
      this.calls.push({
        at: Date.now(),
        who,
        call,
        units: REFUSED.test(text) ? unitsOfRefused(call, asked) : [],
      });
      return;
    }
    const answered = JSON.parse(text) as { ConsumedCapacity?: Capacity | Capacity[] };
    const told = answered.ConsumedCapacity;
    const list = told === undefined ? [] : Array.isArray(told) ? told : [told];
    const units = list.map(({ TableName = '', CapacityUnits = 0, ReadCapacityUnits, WriteCapacityUnits }) => {
      const read = ReadCapacityUnits ?? (READS.test(call) ? Math.max(CapacityUnits, leastOf(asked)) : 0);
      const write = WriteCapacityUnits ?? (READS.test(call) ? 0 : CapacityUnits);
      return { table: TableName, read, write };
    });
    this.calls.push({ at: Date.now(), who, call, units });
  }
}

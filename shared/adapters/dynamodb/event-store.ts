/**
 * The users' events on DynamoDB (design section 14): the last hour, numbered per user.
 *
 * Always true:
 * - an event, its number and the mark of what it came of are written in one transaction that also moves the user's
 *   counter on from where it stood: numbers have no gap, and who sees one sees all before it;
 * - a mark outlives the stream that its change came by, so that a change which is read again makes no second event.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  type Appended,
  EVENT_TYPES,
  type EventStore,
  type NewEvent,
  type UserEvent,
} from '../../ports/push.ts';
import { integers, objects, texts, words } from './codec.ts';
import { type Item, key } from './items.ts';
import { getItem, getItems, queryPage } from './reads.ts';
import { type ConditionalPut, type ConditionalUpdate, INSISTENT, pauseMs, transactPut } from './transact.ts';

export interface EventStoreOptions {
  readonly client: DynamoDBClient;
  readonly eventsTable: string;
  readonly now: () => number;
}

/** How long an event can be resumed from. */
export const EVENT_HOURS = 1;
const EVENT_MS = EVENT_HOURS * 3_600_000;
/** A stream keeps its records for a day. */
const MARK_MS = 25 * 3_600_000;

/** Two items each, and the counter: well below what a transaction takes. */
const EVENTS_AT_ONCE = 40;
/** Writers of one user's events who meet: each round one of them gets through. */
const ROUNDS = 60;

const EVENT_PREFIX = 'event#';
const SEQ_DIGITS = 16;
const eventKey = (userId: string, seq: number) =>
  key(userId, `${EVENT_PREFIX}${String(seq).padStart(SEQ_DIGITS, '0')}`);
const markKey = (userId: string, source: string) => key(userId, `source#${source}`);
const headKey = (userId: string) => key(userId, 'head');

const events = objects({
  seq: integers,
  type: words(EVENT_TYPES),
  at: integers,
  /** The facts as JSON text: they are answered as they were written. */
  body: texts,
  expires_at: integers,
});
const marks = objects({ seq: integers, expires_at: integers });
const heads = objects({ seq: integers });

const seconds = (ms: number): number => Math.ceil(ms / 1000);

const readEvent = (item: Item): UserEvent => {
  const { seq, type, at, body } = events.fromItem(item, 'event');
  return { seq, type, at, data: JSON.parse(body) };
};

export function createEventStore({ client, eventsTable, now }: EventStoreOptions): EventStore {
  const isOver = (item: Item): boolean => events.fromItem(item, 'event').expires_at <= now() / 1000;

  async function headOf(userId: string): Promise<number> {
    const item = await getItem(client, eventsTable, headKey(userId));
    return item === null ? 0 : heads.fromItem(item, 'head').seq;
  }

  /** The counter, and which of these sources were written before, under which number. */
  async function standing(userId: string, sources: readonly string[]) {
    const keys = [headKey(userId), ...sources.map((source) => markKey(userId, source))];
    const items = await getItems(client, eventsTable, keys);
    const bySk = new Map(items.map((item) => [item['sk']?.S, item]));
    const head = bySk.get('head');
    const known = new Map<string, number>();
    for (const source of sources) {
      const mark = bySk.get(markKey(userId, source).sk.S);
      if (mark !== undefined) known.set(source, marks.fromItem(mark, 'mark of an event').seq);
    }
    return { head: head === undefined ? 0 : heads.fromItem(head, 'head').seq, known };
  }

  function putsOf(userId: string, fresh: readonly NewEvent[], head: number): readonly ConditionalPut[] {
    const at = now();
    return fresh.flatMap((event, index) => {
      const seq = head + index + 1;
      const item = events.item({
        ...{ seq, type: event.type, at: event.at },
        body: JSON.stringify(event.data),
        expires_at: seconds(at + EVENT_MS),
      });
      const mark = marks.item({ seq, expires_at: seconds(at + MARK_MS) });
      const put = (name: string, whole: Item): ConditionalPut => ({
        ...{ table: eventsTable, item: whole, name, expects: 'new' },
      });
      return [
        put(`event ${seq}`, { ...item, ...eventKey(userId, seq) }),
        put(event.source, { ...mark, ...markKey(userId, event.source) }),
      ];
    });
  }

  const moveHead = (userId: string, from: number, to: number): ConditionalUpdate => ({
    table: eventsTable,
    key: headKey(userId),
    name: 'head',
    set: heads.item({ seq: to }),
    add: {},
    condition:
      from === 0
        ? { expression: 'attribute_not_exists(pk)', names: [], values: {} }
        : { expression: '#seq = :if_seq', names: ['seq'], values: { ':if_seq': integers.encode(from) } },
  });

  async function appendSome(userId: string, wanted: readonly NewEvent[]): Promise<readonly Appended[]> {
    const sources = wanted.map(({ source }) => source);
    for (let round = 1; round <= ROUNDS; round++) {
      const { head, known } = await standing(userId, sources);
      const fresh = wanted.filter(({ source }) => !known.has(source));
      if (fresh.length === 0) return toldOf(userId, wanted, known, new Map());
      const move = moveHead(userId, head, head + fresh.length);
      const { outcome } = await transactPut(client, putsOf(userId, fresh, head), INSISTENT, [move]);
      const own = new Map(fresh.map(({ source }, index) => [source, head + index + 1]));
      if (outcome === 'done') return toldOf(userId, wanted, known, own);
      await sleep(pauseMs(round, 2));
    }
    throw new Error(`the events of a user could not be written between those of others in ${ROUNDS} rounds`);
  }

  /** `known`: written before; `own`: by this call. Of those from before only what is not over. */
  async function toldOf(
    userId: string,
    wanted: readonly NewEvent[],
    known: ReadonlyMap<string, number>,
    own: ReadonlyMap<string, number>,
  ): Promise<readonly Appended[]> {
    const old = [...known.values()].map((seq) => eventKey(userId, seq));
    const items = await getItems(client, eventsTable, old);
    const still = new Set(items.filter((item) => !isOver(item)).map((item) => readEvent(item).seq));
    return wanted.flatMap(({ source, type, at, data }): Appended[] => {
      const isNew = own.has(source);
      const seq = own.get(source) ?? known.get(source);
      if (seq === undefined) throw new Error('an event was neither written now nor before');
      return isNew || still.has(seq) ? [{ event: { seq, type, at, data }, isNew }] : [];
    });
  }

  async function appendAll(userId: string, wanted: readonly NewEvent[]): Promise<readonly Appended[]> {
    const unique = [...new Map(wanted.map((event) => [event.source, event])).values()];
    const appended: Appended[] = [];
    for (let start = 0; start < unique.length; start += EVENTS_AT_ONCE)
      appended.push(...(await appendSome(userId, unique.slice(start, start + EVENTS_AT_ONCE))));
    return appended;
  }

  /** The last append of each user in this process that has not ended. */
  const turns = new Map<string, Promise<unknown>>();

  /** A batch brings many items of one user at once: side by side all but one of them would find the counter moved. */
  async function inTurn<T>(userId: string, work: () => Promise<T>): Promise<T> {
    const before = turns.get(userId) ?? Promise.resolve();
    // How the one before ended is for its own caller.
    const own = before.then(work, work);
    turns.set(userId, own);
    try {
      return await own;
    } finally {
      if (turns.get(userId) === own) turns.delete(userId);
    }
  }

  return {
    append: (userId, wanted) => inTurn(userId, () => appendAll(userId, wanted)),
    head: headOf,
    async after(userId, seq, limit) {
      const items = await queryPage(client, {
        TableName: eventsTable,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
        ExpressionAttributeValues: {
          ':pk': { S: userId },
          ':from': eventKey(userId, seq + 1).sk,
          ':to': { S: `${EVENT_PREFIX}~` },
        },
        Limit: limit,
      });
      return items.filter((item) => !isOver(item)).map(readEvent);
    },
  };
}

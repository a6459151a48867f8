/** Events and connections on DynamoDB Local: numbers without a gap, each change once, one teller at a time. */
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { createConnectionStore, LEASE_MS } from '../../../shared/adapters/dynamodb/connection-store.ts';
import { createEventStore } from '../../../shared/adapters/dynamodb/event-store.ts';
import { createWebhookStore } from '../../../shared/adapters/dynamodb/webhook-store.ts';
import type { ConnectionStore, EventStore, NewEvent } from '../../../shared/ports/push.ts';
import { describeFollowers } from '../../contracts/followers.ts';
import { describeWebhooks } from '../../contracts/webhooks.ts';
import { type DynamoDb, dynamoDbMissing, openDynamoDb } from '../../support/dynamodb.ts';

const START = Date.UTC(2026, 10, 29, 12);
const HOUR = 3_600_000;

const event = (source: string, userId = 'user-1'): NewEvent => ({
  ...{ userId, source, type: 'order', at: START },
  data: { order_id: source, amount: '0.5', nothing: null },
});

describe.runIf(dynamoDbMissing === null)('on DynamoDB', () => {
  let db: DynamoDb;
  let now = START;
  let events: EventStore;
  let connections: ConnectionStore;
  beforeAll(() => {
    db = openDynamoDb(inject('dynamoDb'));
  });
  afterAll(() => db?.stop());
  beforeEach(async () => {
    const tables = await db.createTables();
    now = START;
    const { client } = db;
    events = createEventStore({ client, eventsTable: tables.events, now: () => now });
    connections = createConnectionStore({ client, connectionsTable: tables.connections, now: () => now });
  });

  describe('events', () => {
    it('are numbered per user, in the order in which they were written, and read back as they were', async () => {
      expect(await events.head('user-1')).toBe(0);
      const first = await events.append('user-1', [event('a'), event('b')]);
      expect(first.map(({ event: { seq }, isNew }) => [seq, isNew])).toEqual([
        [1, true],
        [2, true],
      ]);
      await events.append('user-2', [event('a', 'user-2')]);
      await events.append('user-1', [event('c')]);
      expect(await events.head('user-1')).toBe(3);
      expect(await events.head('user-2')).toBe(1);
      const found = await events.after('user-1', 1, 10);
      expect(found.map(({ seq, data }) => [seq, data['order_id']])).toEqual([
        [2, 'b'],
        [3, 'c'],
      ]);
      expect(found[0]).toEqual({ seq: 2, type: 'order', at: START, data: event('b').data });
      expect(await events.after('user-1', 0, 2)).toHaveLength(2);
    });

    it('of a change that is read again are the same event', async () => {
      await events.append('user-1', [event('a'), event('b')]);
      const again = await events.append('user-1', [event('b'), event('c'), event('b'), event('a')]);
      expect(again.map(({ event: { seq }, isNew }) => [seq, isNew])).toEqual([
        [2, false],
        [3, true],
        [1, false],
      ]);
      expect(await events.head('user-1')).toBe(3);
    });

    it('of writers at the same time have no gap and no double', async () => {
      const writers = Array.from({ length: 8 }, (_, n) =>
        events.append('user-1', [event(`w${n}`), event(`x${n}`), event('all')]),
      );
      await Promise.all(writers);
      const all = await events.after('user-1', 0, 100);
      expect(all.map(({ seq }) => seq)).toEqual(Array.from({ length: 17 }, (_, n) => n + 1));
      const place = new Map(all.map(({ seq, data }) => [data['order_id'], seq]));
      expect(place.size).toBe(17);
      for (let n = 0; n < 8; n++) expect(place.get(`w${n}`)).toBeLessThan(place.get(`x${n}`) ?? 0);
    });

    it('may be more than one transaction takes', async () => {
      const many = Array.from({ length: 95 }, (_, n) => event(`m${n}`));
      expect(await events.append('user-1', many)).toHaveLength(95);
      const all = await events.after('user-1', 0, 200);
      expect(all.map(({ data }) => data['order_id'])).toEqual(many.map(({ source }) => source));
    });

    it('are over after an hour, though the table has not deleted them, and their numbers go on', async () => {
      await events.append('user-1', [event('a')]);
      now += HOUR + 1_000;
      expect(await events.append('user-1', [event('a')])).toEqual([]);
      expect((await events.append('user-1', [event('b')]))[0]?.event.seq).toBe(2);
      expect((await events.after('user-1', 0, 10)).map(({ seq }) => seq)).toEqual([2]);
    });
  });

  describe('a connection', () => {
    const id = { userId: 'user-1', connectionId: 'c-1' };
    const opened = async (): Promise<void> => {
      await connections.open({ ...id, tokenUntil: START + HOUR });
      await connections.subscribe(id, { channels: ['orders'], sent: 5 });
    };

    it('is found by its id and by its user until it is gone', async () => {
      await connections.open({ ...id, tokenUntil: START + HOUR });
      await connections.open({ userId: 'user-2', connectionId: 'c-2', tokenUntil: START });
      expect(await connections.find('c-1')).toEqual({
        ...{ ...id, channels: [], sent: null, tokenUntil: START + HOUR },
      });
      expect(await connections.subscribe(id, { channels: ['orders', 'fills'], sent: 7 })).toBe(true);
      expect(await connections.ofUser('user-1')).toMatchObject([{ channels: ['orders', 'fills'], sent: 7 }]);
      await connections.remove(id);
      expect(await connections.find('c-1')).toBeNull();
      expect(await connections.ofUser('user-1')).toEqual([]);
      // It does not come back by somebody who still means to tell it.
      expect(await connections.subscribe(id, { channels: ['orders'], sent: 7 })).toBe(false);
      expect(await connections.lease(id, 'late', 8)).toEqual({ outcome: 'gone' });
      expect(await connections.find('c-1')).toBeNull();
    });

    it('is told by one at a time, who hears of what came meanwhile', async () => {
      await opened();
      expect(await connections.lease(id, 'first', 6)).toMatchObject({
        ...{ outcome: 'taken', connection: { sent: 5 } },
      });
      expect(await connections.lease(id, 'second', 7)).toEqual({ outcome: 'left_to_holder' });
      // One that is behind takes nothing away.
      expect(await connections.lease(id, 'third', 6)).toEqual({ outcome: 'left_to_holder' });
      expect(await connections.release(id, 'second', 7)).toBe('lost');
      expect(await connections.release(id, 'first', 6)).toBe('more');
      expect(await connections.release(id, 'first', 7)).toBe('released');
      expect(await connections.lease(id, 'second', 8)).toMatchObject({
        ...{ outcome: 'taken', connection: { sent: 7 } },
      });
    });

    it('is taken from one that died, and from one that tells it of what it does not want any more', async () => {
      await opened();
      await connections.lease(id, 'failed', 6);
      await connections.abandon(id, 'somebody else');
      expect(await connections.lease(id, 'early', 6)).toEqual({ outcome: 'left_to_holder' });
      await connections.abandon(id, 'failed');
      expect(await connections.lease(id, 'dead', 6)).toMatchObject({ connection: { sent: 5 } });
      now += LEASE_MS + 1;
      expect(await connections.lease(id, 'next', 6)).toMatchObject({ outcome: 'taken' });
      expect(await connections.release(id, 'dead', 6)).toBe('lost');
      await connections.subscribe(id, { channels: ['fills'], sent: 2 });
      expect(await connections.release(id, 'next', 6)).toBe('lost');
      expect(await connections.find('c-1')).toMatchObject({ channels: ['fills'], sent: 2 });
    });
  });

  describeFollowers('who follows prices', async () => connections);

  describeWebhooks('the webhook store', async () => {
    const { webhooks } = await db.createTables();
    return createWebhookStore({ client: db.client, webhooksTable: webhooks, now: () => now });
  });
});

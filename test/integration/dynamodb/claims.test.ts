/**
 * Many entries of one wallet claimed at once. The local service never has two transactions in each other's way, so the
 * client does what the deployed one does: a write of an item that another write is at is refused as a conflict.
 */

import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import {
  PutItemCommand,
  TransactionCanceledException,
  TransactionConflictException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { walletKey } from '../../../shared/adapters/dynamodb/items.ts';
import { createLedger } from '../../../shared/adapters/dynamodb/ledger.ts';
import { createWalletStore } from '../../../shared/adapters/dynamodb/wallet-store.ts';
import { paused, withPause } from '../../../shared/domain/pauses.ts';
import type { Ledger } from '../../../shared/ports/ledger.ts';
import { ContendedError } from '../../../shared/usecases/conflicts.ts';
import { type DynamoDb, dynamoDbMissing, openDynamoDb } from '../../support/dynamodb.ts';
import { aBinanceWallet } from '../../support/exchange-wallet.ts';
import { USER, WALLET, World } from '../../support/fakes/world.ts';
import { makeUseCases, type UseCases } from '../../support/use-cases.ts';
import { intercepted } from './intercepted.ts';
import { anOrder, aWallet } from './samples.ts';

/** A transaction of the deployed service holds its items for about this long. */
const HELD_MS = 10;
const ENTRIES = 50;

interface Keyed {
  readonly TableName?: string | undefined;
  readonly Key?: unknown;
  readonly Item?: Readonly<Record<string, unknown>> | undefined;
}

const placeOf = ({ TableName, Key, Item }: Keyed): string =>
  JSON.stringify([TableName, Key ?? { pk: Item?.['pk'], sk: Item?.['sk'] }]);

/** The same client on a service whose transactions exclude each other. */
function colliding(db: DynamoDb) {
  const held = new Set<string>();
  let collisions = 0;
  const during = async (places: readonly string[], next: () => Promise<unknown>): Promise<unknown> => {
    for (const place of places) held.add(place);
    try {
      await wait(HELD_MS);
      return await next();
    } finally {
      for (const place of places) held.delete(place);
    }
  };
  const client = intercepted(db, (command, next) => {
    if (command instanceof PutItemCommand) {
      if (!held.has(placeOf(command.input))) return next();
      collisions += 1;
      return Promise.reject(new TransactionConflictException({ message: 'in flight', $metadata: {} }));
    }
    if (!(command instanceof TransactWriteItemsCommand)) return next();
    const items = command.input.TransactItems ?? [];
    const places = items.map(({ Put, ConditionCheck, Update }) =>
      placeOf(Put ?? ConditionCheck ?? Update ?? {}),
    );
    if (!places.some((place) => held.has(place))) return during(places, next);
    collisions += 1;
    const CancellationReasons = places.map((place) => ({
      Code: held.has(place) ? 'TransactionConflict' : 'None',
    }));
    const facts = { message: 'cancelled', $metadata: {}, CancellationReasons };
    return Promise.reject(new TransactionCanceledException(facts));
  });
  return { client, collisions: () => collisions };
}

describe.runIf(dynamoDbMissing === null)('a wallet from before its pauses were counted', () => {
  it('has had none', async () => {
    const db = openDynamoDb(inject('dynamoDb'));
    try {
      const { client } = db;
      const tables = await db.createTables();
      const names = { ordersTable: tables.orders, positionsTable: tables.positions };
      const ledger = createLedger({ client, ...names, walletsTable: tables.wallets, sweepShards: 1 });
      const wallets = createWalletStore({ client, walletsTable: tables.wallets });
      await wallets.create(aBinanceWallet());
      await client.send(
        new UpdateItemCommand({
          TableName: tables.wallets,
          Key: { ...walletKey('w1') },
          UpdateExpression: 'REMOVE exchange.pauses',
        }),
      );
      expect((await wallets.get('w1'))?.exchange?.pauses).toBe(0);
      await ledger.commit({ orders: [{ before: null, after: anOrder() }] });
      const before = await ledger.order('order-1');
      if (before === null) throw new Error('no order');
      const change = { before, after: before };
      expect(await ledger.claim(change, { walletId: 'w1', pauses: 1 })).toBe('paused');
      expect(await ledger.claim(change, { walletId: 'w1', pauses: 0 })).toBe('done');
    } finally {
      await db.stop();
    }
  });

  it('or could be paused at all, being a demo wallet, reads on and may be paused', async () => {
    const db = openDynamoDb(inject('dynamoDb'));
    try {
      const { client } = db;
      const tables = await db.createTables();
      const names = { ordersTable: tables.orders, positionsTable: tables.positions };
      const ledger = createLedger({ client, ...names, walletsTable: tables.wallets, sweepShards: 1 });
      const wallets = createWalletStore({ client, walletsTable: tables.wallets });
      await wallets.create(aWallet());
      await client.send(
        new UpdateItemCommand({
          TableName: tables.wallets,
          Key: { ...walletKey('wallet-1') },
          UpdateExpression: 'REMOVE demo.pauses, demo.pausedAt, demo.pauseReason, demo.stop',
        }),
      );
      expect(await wallets.get('wallet-1')).toEqual(aWallet({ version: 1 }));
      await ledger.commit({ orders: [{ before: null, after: anOrder() }] });
      const claim = async (pauses: number | null) => {
        const before = await ledger.order('order-1');
        if (before === null) throw new Error('no order');
        return ledger.claim({ before, after: before }, { walletId: 'wallet-1', pauses });
      };
      expect(await claim(1)).toBe('paused');
      expect(await claim(0)).toBe('done');
      expect(await claim(null)).toBe('done');
      const before = await wallets.get('wallet-1');
      if (before === null) throw new Error('no wallet');
      await wallets.update({ before, after: withPause(before, (state) => paused(state, 1, null)) });
      for (const pauses of [null, 0, 1]) expect(await claim(pauses)).toBe('paused');
    } finally {
      await db.stop();
    }
  });
});

describe.runIf(dynamoDbMissing === null)('fifty entries of one wallet at once', () => {
  let db: DynamoDb;
  let world: World;
  let ledger: Ledger;
  let useCases: UseCases;
  let orderIds: readonly string[];
  let collisions: () => number;

  beforeAll(async () => {
    db = openDynamoDb(inject('dynamoDb'));
  });
  afterAll(() => db?.stop());
  beforeEach(async () => {
    const tables = await db.createTables();
    const crowded = colliding(db);
    const { client } = crowded;
    ({ collisions } = crowded);
    ledger = createLedger({
      client,
      ordersTable: tables.orders,
      positionsTable: tables.positions,
      walletsTable: tables.wallets,
      sweepShards: 1,
    });
    const wallets = createWalletStore({ client, walletsTable: tables.wallets });
    world = new World({ exchange: {} });
    world.tick('50000');
    const wallet = world.wallets.items.get(WALLET);
    if (wallet === undefined) throw new Error('no wallet');
    await wallets.create(wallet);
    const sleep = async (ms: number): Promise<void> => {
      await wait(ms);
    };
    const ids = { token: () => randomUUID() };
    useCases = makeUseCases({ ...world.ports, ledger, wallets, sleep, ids }, { monitorEnabled: true });
    const placed = await Promise.all(
      Array.from({ length: ENTRIES }, (_, i) =>
        useCases.placeOrder(world.command({ idempotencyKey: `entry-${i}` })),
      ),
    );
    orderIds = placed.map((result) => {
      if (!result.ok) throw new Error(result.error.message);
      return result.value.order.orderId;
    });
  });

  /** What stays in its way for all of its tries (a slow machine) is delivered again by the queue, three times in all. */
  const send = async (orderId: string): Promise<void> => {
    for (let delivery = 1; ; delivery += 1) {
      try {
        await useCases.advance({ orderId });
        return;
      } catch (error) {
        if (!(error instanceof ContendedError) || delivery === 3) throw error;
      }
    }
  };

  it('all leave, each once, though they are in each other’s way', async () => {
    await Promise.all(orderIds.map(send));
    expect(collisions()).toBeGreaterThan(ENTRIES);
    const orders = await ledger.orders(orderIds);
    expect(orders.map(({ refusal }) => refusal)).toEqual(Array.from({ length: ENTRIES }, () => null));
    expect(orders.every(({ send }) => send?.attempt === 1 && send.outcome === 'answered')).toBe(true);
    expect(world.venue.placed).toHaveLength(ENTRIES);
  });

  it('a pause in their midst gets through, and what was not claimed before it does not leave', async () => {
    const sending = orderIds.map(send);
    await wait(5 * HELD_MS);
    const paused = await useCases.wallets.pause({ userId: USER, walletId: WALLET, reason: null });
    expect(paused.ok).toBe(true);
    const claimedBefore = (await ledger.orders(orderIds)).filter(({ send }) => send !== null).length;
    await Promise.all(sending);
    const orders = await ledger.orders(orderIds);
    const rejected = orders.filter(({ status }) => status === 'rejected');
    expect(rejected.every(({ refusal, send }) => refusal?.code === 'wallet_paused' && send === null)).toBe(
      true,
    );
    expect(rejected).toHaveLength(ENTRIES - claimedBefore);
    expect(world.venue.placed).toHaveLength(claimedBefore);
  });
});

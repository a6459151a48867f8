/**
 * Positions and wallets that do nothing, written as rows and levels through the product's own codec: what they are when their
 * entries have long been filled.
 */
import { type AttributeValue, BatchWriteItemCommand } from '@aws-sdk/client-dynamodb';
import { key, positionItem, walletItem } from '../../../shared/adapters/dynamodb/items.ts';
import { reconcileStates } from '../../../shared/adapters/dynamodb/reconcile-entities.ts';
import type { ReconcileState } from '../../../shared/domain/reconcile/types.ts';
import type { Level } from '../../../shared/domain/triggers/types.ts';
import type { Position, Wallet } from '../../../shared/domain/types.ts';
import { WALLET, World } from '../../support/fakes/world.ts';
import { units } from '../triggers/levels.ts';
import { type Outside, symbolOf } from './outside.ts';

/** Positions of each wallet. */
export const WALLET_SHARE = 10;
/** In units of 0.0001: what the market stands at, and where stops lie. */
export const PRICE = 500_000_000;
const STOP = 450_000_000;
/** Of DynamoDB's call. */
const BATCH = 25;
const AT_ONCE = 4;
const DAY_MS = 24 * 3_600_000;

/** Of every tenth position something is due some day: it lies in the due index all the while. */
const DUE_SHARE = 10;

type Item = Record<string, AttributeValue>;

/** The same position under another id, as it lies there when nothing is owed. */
export const copyOf = (like: Position, name: string): Position => ({
  ...like,
  version: 1,
  positionId: `${like.positionId.slice(0, 8)}${name.padStart(14, '0')}`,
});

export const stopOf = ({ positionId, version }: Position, price: number): Level => ({
  ...{ version, source: 'bid', armedTick: -1, armedAt: 1, kind: 'fixed', direction: 'falls' },
  member: `${positionId}|stop_loss`,
  price: units(price),
});

export async function writeRows({ client }: Outside, table: string, rows: readonly Item[]): Promise<void> {
  let next = 0;
  const write = async (): Promise<void> => {
    for (let some = rows.slice(next, next + BATCH); some.length > 0; some = rows.slice(next, next + BATCH)) {
      next += BATCH;
      const RequestItems = { [table]: some.map((Item) => ({ PutRequest: { Item } })) };
      const answer = await client.send(new BatchWriteItemCommand({ RequestItems }));
      if (Object.keys(answer.UnprocessedItems ?? {}).length > 0) throw new Error('rows were not written');
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, write));
}

export const writePositions = (outside: Outside, positions: readonly Position[]): Promise<void> =>
  writeRows(
    outside,
    outside.tables.positions,
    positions.map((one) => positionItem(one, 1)),
  );

export class Population {
  readonly #outside: Outside;
  readonly #like: Position;
  readonly #symbols: number;
  #positions = 0;
  #wallets = 0;

  constructor(outside: Outside, like: Position, symbols: number) {
    this.#outside = outside;
    this.#like = like;
    this.#symbols = symbols;
  }

  /** Adds positions until there are so many, each with its stop armed, and their wallets, which are at an exchange. */
  async grow(positions: number): Promise<void> {
    const { world, index } = this.#outside;
    const added = Array.from({ length: positions - this.#positions }, (_, at) =>
      this.#position(this.#positions + at),
    );
    await writePositions(this.#outside, added);
    for (const [symbol, own] of Map.groupBy(added, (one) => one.symbol)) {
      await index.arm(
        symbol,
        own.map((one) => stopOf(one, STOP)),
        [],
        world.now,
      );
    }
    this.#positions = positions;
    await this.#addWallets(Math.ceil(positions / WALLET_SHARE));
  }

  #position(nth: number): Position {
    const { createdAt } = this.#like;
    const owner = Math.floor(nth / WALLET_SHARE);
    return {
      ...copyOf(this.#like, `i${nth}`),
      symbol: symbolOf(nth % this.#symbols),
      userId: `owner-${owner}`,
      walletId: `wallet-${owner}`,
      createdAt: createdAt + nth,
      dueAt: nth % DUE_SHARE === 0 ? createdAt + DAY_MS : null,
    };
  }

  /** Their next comparison is a day away. */
  async #addWallets(wallets: number): Promise<void> {
    const like = new World({ exchange: {} }).wallets.items.get(WALLET);
    if (like === undefined) throw new Error('the world has no wallet');
    const rows = Array.from({ length: wallets - this.#wallets }, (_, at) => `wallet-${this.#wallets + at}`);
    const { tables, world } = this.#outside;
    await writeRows(
      this.#outside,
      tables.wallets,
      rows.flatMap((walletId) => [walletRow(like, walletId), stateRow(walletId, world.now + DAY_MS)]),
    );
    this.#wallets = wallets;
  }
}

const walletRow = (like: Wallet, walletId: string): Item => walletItem({ ...like, walletId });

export function stateRow(walletId: string, dueAt: number): Item {
  const state: ReconcileState = {
    ...{
      walletId,
      version: 1,
      cursors: {},
      totals: [],
      asOf: 1,
      ordersSince: 1,
      suspects: [],
      externals: [],
    },
    ...{ looked: [], watched: [], wantedAt: null, reason: null, dueAt, failures: 0, unsettled: 0 },
    ...{ wholeAt: null, waitingSince: null },
  };
  return { ...reconcileStates.item(state), ...key(walletId, 'reconcile') };
}

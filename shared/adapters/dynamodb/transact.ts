/**
 * All or nothing: conditional puts in one transaction, or one put when there is only one (design section 14).
 *
 * Always true:
 * - `done` means that this very call's items are stored, also when the reply to an earlier try was lost: every
 *   item carries the call's own token, so a condition that failed on our own item is recognised;
 * - `failed` names the puts and checks whose conditions did not hold, and nothing was written;
 * - another transaction in flight on the same item, and throttling, are tried again a few times, then thrown.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { integers } from './codec.ts';
import type { Item, Key } from './items.ts';

/** Named in the answer of a failed transaction, for instance `order 0Ab...`. */
export interface ConditionalPut {
  readonly table: string;
  readonly item: Item;
  readonly name: string;
  /** `new`: must not exist. A number: the stored version. `any`: no condition (the item names its own facts). */
  readonly expects: 'new' | 'any' | { readonly version: number };
}

/** Adds to an item's sums, whatever they are: writers that meet here wait for each other and never lose. */
export interface ConditionalUpdate {
  readonly table: string;
  readonly key: Key;
  readonly name: string;
  readonly set: Item;
  readonly add: Item;
  /** Attributes that go. */
  readonly remove?: readonly string[];
  /** In the names of the attributes with `#`; its values with `:if_`. Null = none. */
  readonly condition: {
    readonly expression: string;
    readonly names: readonly string[];
    readonly values: Item;
  } | null;
}

/** A condition on an item that is not written. Its item is busy for others as if it were. */
export interface ConditionOnly {
  readonly table: string;
  readonly key: Key;
  readonly condition: {
    readonly ConditionExpression: string;
    readonly ExpressionAttributeNames: Record<string, string>;
    readonly ExpressionAttributeValues: Item;
  };
}

export type TransactResult =
  | { readonly outcome: 'done' }
  | {
      readonly outcome: 'failed';
      readonly puts: readonly ConditionalPut[];
      readonly checks: readonly ConditionOnly[];
      readonly updates: readonly ConditionalUpdate[];
    };

/** DynamoDB's limit. A commit that needs more has to be split by whoever makes it; it is never cut here. */
const MAX_ITEMS = 100;
const BUSY = new Set([
  'TransactionConflict',
  'TransactionConflictException',
  'TransactionInProgressException',
  'ThrottlingError',
  'ThrottlingException',
  'ProvisionedThroughputExceeded',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
]);

const WRITER = 'written_by';

function condition(expects: ConditionalPut['expects']): {
  ConditionExpression?: string;
  ExpressionAttributeNames?: Record<string, string>;
  ExpressionAttributeValues?: Item;
} {
  if (expects === 'any') return {};
  if (expects === 'new') return { ConditionExpression: 'attribute_not_exists(pk)' };
  return {
    ConditionExpression: '#version = :version',
    ExpressionAttributeNames: { '#version': 'version' },
    ExpressionAttributeValues: { ':version': integers.encode(expects.version) },
  };
}

const putOf = (put: ConditionalPut, token: string) => ({
  TableName: put.table,
  Item: { ...put.item, [WRITER]: { S: token } },
  ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  ...condition(put.expects),
});

function updateOf({ table, key, set, add, remove = [], condition: only }: ConditionalUpdate, token: string) {
  const all = { ...set, [WRITER]: { S: token } };
  const names = [...Object.keys(all), ...Object.keys(add), ...remove, ...(only?.names ?? [])];
  const values = [...Object.entries(all), ...Object.entries(add)];
  return {
    TableName: table,
    Key: { ...key },
    UpdateExpression: `SET ${Object.keys(all)
      .map((name) => `#${name} = :${name}`)
      .join(', ')}${Object.keys(add)
      .map((name, n) => `${n === 0 ? ' ADD' : ','} #${name} :${name}`)
      .join('')}${remove.map((name, n) => `${n === 0 ? ' REMOVE' : ','} #${name}`).join('')}`,
    ...(only !== null && { ConditionExpression: only.expression }),
    ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
    ExpressionAttributeValues: {
      ...Object.fromEntries(values.map(([name, value]) => [`:${name}`, value])),
      ...only?.values,
    },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  };
}

/** How long a writer goes on where others are at work on its items. */
export interface Patience {
  readonly tries: number;
  /** Pauses double from twice the first to 32 times that. */
  readonly firstPauseMs: number;
}

const PATIENCE: Patience = { tries: 6, firstPauseMs: 20 };
/** Of an item that many transactions ask for: comes again sooner than they do, so that it is not crowded out. */
export const INSISTENT: Patience = { tries: 60, firstPauseMs: 1 };

/** Of what cannot be decided anew and has to be written: some seconds. */
export const STUBBORN: Patience = { tries: 150, firstPauseMs: 1 };

/** Half of it random, so that those who collided do not collide again. */
export const pauseMs = (
  attempt: number,
  firstPauseMs = PATIENCE.firstPauseMs,
  random: () => number = Math.random,
): number => firstPauseMs * 2 ** Math.min(attempt, 5) * (0.5 + random() / 2);

/** Nothing was written because others were at work, or there is too much of it: not an answer about the items. */
export const isBusy = (error: unknown): boolean =>
  error instanceof Error &&
  (BUSY.has(error.name) ||
    (error instanceof TransactionCanceledException && (error.CancellationReasons ?? []).some(isBusyReason)));

const isBusyReason = ({ Code }: { readonly Code?: string | undefined }): boolean => BUSY.has(Code ?? '');

async function tryOnce(
  client: DynamoDBClient,
  puts: readonly ConditionalPut[],
  checks: readonly ConditionOnly[],
  updates: readonly ConditionalUpdate[],
  token: string,
): Promise<TransactResult | { readonly outcome: 'busy'; readonly error: Error }> {
  const [only] = puts;
  try {
    if (puts.length === 1 && checks.length + updates.length === 0 && only !== undefined) {
      await client.send(new PutItemCommand(putOf(only, token)));
    } else {
      const conditions = checks.map(({ table, key, condition: holds }) => ({
        ConditionCheck: { TableName: table, Key: { ...key }, ...holds },
      }));
      const added = updates.map((update) => ({ Update: updateOf(update, token) }));
      const TransactItems = [...puts.map((put) => ({ Put: putOf(put, token) })), ...conditions, ...added];
      await client.send(new TransactWriteItemsCommand({ TransactItems, ClientRequestToken: token }));
    }
    return { outcome: 'done' };
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) {
      return error.Item?.[WRITER]?.S === token
        ? { outcome: 'done' }
        : { outcome: 'failed', puts, checks: [], updates: [] };
    }
    if (error instanceof TransactionCanceledException) {
      const reasons = error.CancellationReasons ?? [];
      const hasFailed = (index: number): boolean => reasons[index]?.Code === 'ConditionalCheckFailed';
      const failed = puts.filter((_, index) => hasFailed(index));
      const unmet = checks.filter((_, index) => hasFailed(puts.length + index));
      const closed = updates.filter((_, index) => hasFailed(puts.length + checks.length + index));
      const own = reasons.filter((reason) => reason.Item?.[WRITER]?.S === token).length;
      // A transaction writes all or nothing: one own item in place means that all of them were written.
      if (own > 0) return { outcome: 'done' };
      if (failed.length + unmet.length + closed.length > 0) {
        return { outcome: 'failed', puts: failed, checks: unmet, updates: closed };
      }
      if (reasons.some(isBusyReason)) return { outcome: 'busy', error };
    }
    if (error instanceof Error && BUSY.has(error.name)) return { outcome: 'busy', error };
    throw error;
  }
}

/**
 * What the service refuses as a whole. Two puts of one item are refused here as well: DynamoDB Local takes them, so
 * that nobody would see it before it is deployed.
 */
function checkPuts(puts: readonly ConditionalPut[], others = 0): void {
  const items = puts.length + others;
  if (items > MAX_ITEMS) throw new Error(`a transaction of ${items} items; at most ${MAX_ITEMS}`);
  if (puts.length < 2) return;
  const seen = new Set<string>();
  for (const { table, item, name } of puts) {
    const place = JSON.stringify([table, item['pk'], item['sk']]);
    if (seen.has(place)) throw new Error(`a transaction that writes ${name} twice`);
    seen.add(place);
  }
}

/**
 * Writes all puts and updates or none. Throws for anything but a failed condition. An update that stands
 * alone needs a condition that does not hold any more once it is written: by it a repeat is known.
 */
export async function transactPut(
  client: DynamoDBClient,
  puts: readonly ConditionalPut[],
  { tries, firstPauseMs }: Patience = PATIENCE,
  updates: readonly ConditionalUpdate[] = [],
): Promise<TransactResult> {
  if (puts.length + updates.length === 0) return { outcome: 'done' };
  checkPuts(puts, updates.length);
  const token = randomUUID();
  for (let attempt = 1; ; attempt++) {
    const result = await tryOnce(client, puts, [], updates, token);
    if (result.outcome !== 'busy') return result;
    if (attempt === tries) throw result.error;
    await sleep(pauseMs(attempt, firstPauseMs));
  }
}

/**
 * One try, for writers whose decision goes stale with time: they look again before the next one. `busy` means
 * that nothing was written. Throws when that is not known.
 */
export async function transactPutOnce(
  client: DynamoDBClient,
  puts: readonly ConditionalPut[],
  checks: readonly ConditionOnly[] = [],
): Promise<TransactResult | { readonly outcome: 'busy' }> {
  checkPuts(puts);
  const result = await tryOnce(client, puts, checks, [], randomUUID());
  // An earlier try of the same call may still be at work: that is no answer.
  if (result.outcome === 'busy' && result.error.name === 'TransactionInProgressException') throw result.error;
  return result;
}

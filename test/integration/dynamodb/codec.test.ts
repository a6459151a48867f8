/** Numbers stay exact on the way into DynamoDB and back, through the real number type. */
import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  CodecError,
  decimals,
  integers,
  lists,
  nullable,
  numberText,
  sparseObjects,
  texts,
} from '../../../shared/adapters/dynamodb/codec.ts';
import { orders } from '../../../shared/adapters/dynamodb/order-entity.ts';
import { positions } from '../../../shared/adapters/dynamodb/position-entity.ts';
import { wallets } from '../../../shared/adapters/dynamodb/wallet-entities.ts';
import { Decimal, decimal, ZERO } from '../../../shared/domain/money/decimal.ts';
import { UnreadableItemError } from '../../../shared/ports/ledger.ts';
import { type DynamoDb, dynamoDbMissing, openDynamoDb, type TableNames } from '../../support/dynamodb.ts';
import { anOrder, aPosition, aTrigger, aWallet } from './samples.ts';

/** Up to 34 significant digits, the point anywhere from 40 places left to 40 right of them. */
const anyDecimal = fc
  .tuple(fc.bigInt(-(10n ** 34n) + 1n, 10n ** 34n - 1n), fc.integer({ min: -40, max: 40 }))
  .map(([digits, exponent]) => new Decimal(`${digits}e${exponent}`));

describe('the codec', () => {
  it('gives back the same decimal, and plain text on the way', () => {
    fc.assert(
      fc.property(anyDecimal, (value) => {
        const attribute = decimals.encode(value);
        expect(attribute.N).toMatch(/^-?\d+(\.\d+)?$/);
        expect(decimals.decode(attribute, 'x').eq(value)).toBe(true);
      }),
    );
  });

  it('reads an order from before quote amounts, lists and trailing distances', () => {
    const {
      quoteQuantity: _q,
      stopLimitPrice: _s,
      trailingDelta: _t,
      triggeredAt: _a,
      dayVolume: _d,
      marketConditions: _m,
      ...old
    } = orders.item(anOrder());
    const { asked } = old;
    const { quoteQuantity: _q2, stopLimitPrice: _s2, trailingDelta: _t2, ...oldAsked } = asked?.M ?? {};
    // What was null stood there as null.
    const nulls = { limitPrice: { NULL: true as const }, stopPrice: { NULL: true as const } };
    expect(orders.fromItem({ ...old, asked: { M: { ...nulls, ...oldAsked } } }, 'order')).toEqual(
      anOrder({ marketConditions: null }),
    );
    const { quantity: _quantity, ...broken } = old;
    expect(() => orders.fromItem(broken, 'order')).toThrow('order.quantity: missing');
  });

  it.each([
    [
      'order',
      orders,
      anOrder({ exit: { cause: 'stop_loss', flatten: true, trigger: aTrigger(), resident: false } }),
    ],
    [
      'order being sent',
      orders,
      anOrder({
        send: {
          attempt: 1,
          token: 't',
          signedAt: 1,
          recvWindowMs: 2000,
          claimedAt: 1,
          outcome: 'unknown',
        },
        refusal: { code: 'filter', message: 'no', venueCode: -1013, filter: 'min_notional' },
        cancelWanted: { at: 3, cause: 'api' },
        limitPrice: decimal('0.000000000000000001'),
      }),
    ],
    [
      'position',
      positions,
      aPosition({
        flatten: {
          cause: 'trailing_stop',
          price: decimal('1'),
          trigger: aTrigger(),
          at: 1,
          step: 0,
          retryAt: null,
          limit: { price: decimal('0.99'), until: 3 },
          shortage: {
            at: 1,
            until: 2,
            free: decimal('0.5'),
            locked: ZERO,
            holders: [{ venueOrderId: '17', quantity: decimal('0.25'), ours: false }],
          },
        },
        dust: { quantity: decimal('0.000001'), cost: decimal('0.05') },
      }),
    ],
    ['wallet', wallets, aWallet()],
  ] as const)('gives back the same %s', (_name, codec, value) => {
    const { fromItem, item } = codec as typeof orders;
    expect(fromItem(item(value as never), 'x')).toEqual(value);
  });

  it('leaves out of a sparse object what says nothing, and reads it in both ways', () => {
    interface Kept {
      readonly note: string | null;
      readonly names: readonly string[];
      readonly since: string | null;
      readonly count: number;
    }
    const codec = sparseObjects<Kept>({
      note: nullable(texts),
      names: lists(texts),
      // Of an older item that has none something is known: null is another thing, and has to be written.
      since: { ...nullable(texts), whenMissing: () => 'always' },
      count: integers,
    });
    const empty: Kept = { note: null, names: [], since: null, count: 0 };
    expect(codec.item(empty)).toEqual({ since: { NULL: true }, count: { N: '0' } });
    expect(codec.fromItem(codec.item(empty), 'x')).toEqual(empty);
    const inWords = { ...codec.item(empty), note: { NULL: true as const }, names: { L: [] } };
    expect(codec.fromItem(inWords, 'x')).toEqual(empty);
    expect(codec.fromItem({ count: { N: '0' } }, 'x')).toEqual({ ...empty, since: 'always' });
    const full: Kept = { note: 'n', names: ['a', ''], since: 'then', count: 3 };
    expect(codec.fromItem(codec.item(full), 'x')).toEqual(full);
    expect(() => codec.fromItem({}, 'x')).toThrow('x.count: missing');
  });

  it('reads refusals that were kept before they had a code and a filter of the venue', () => {
    const refusal = { code: 'filter', message: 'no', venueCode: -1013, filter: 'lot_size' };
    const item = orders.item(anOrder({ refusal }));
    const old = { ...item, refusal: { M: { code: { S: 'filter' }, message: { S: 'no' } } } };
    expect(orders.fromItem(old, 'o').refusal).toEqual({ ...refusal, venueCode: null, filter: null });
  });

  it('reads a position from before its exits were counted', () => {
    const { exitsMade: _, ...item } = positions.item(aPosition());
    expect(positions.fromItem(item, 'p').exitsMade).toBe(0);
  });

  it('writes what a position began with once it has another protection', () => {
    const begun = aPosition({ initialProtection: aPosition().protection });
    expect(positions.item(begun)).not.toHaveProperty('initialProtection');
    const changed = {
      ...begun,
      protection: { ...begun.protection, stopLoss: { price: decimal('47000.5') } },
    };
    const item = positions.item(changed);
    expect(item).toHaveProperty('initialProtection');
    expect(positions.fromItem(item, 'p')).toEqual(changed);
    expect(positions.fromItem(positions.item(begun), 'p')).toEqual(begun);
    // As it stands in items of before.
    const { protection } = positions.item(begun);
    expect(
      positions.fromItem({ ...positions.item(begun), initialProtection: protection ?? {} } as never, 'p'),
    ).toEqual(begun);
    const { protection: _, ...without } = positions.item(begun);
    expect(() => positions.fromItem(without, 'p')).toThrow('p.protection: missing');
  });

  it('names what is missing or of another kind', () => {
    const { version: _, ...item } = orders.item(anOrder());
    expect(() => orders.fromItem(item, 'order 1')).toThrow(new CodecError('order 1.version: missing'));
    // Whoever reads many goes on with the others.
    expect(() => orders.fromItem(item, 'order 1')).toThrow(UnreadableItemError);
    const text = { ...orders.item(anOrder()), quantity: { S: '0.5' } };
    expect(() => orders.fromItem(text, 'order 1')).toThrow('order 1.quantity: expected a number, found S');
    expect(() => orders.fromItem({ ...orders.item(anOrder()), side: { S: 'hold' } }, 'o')).toThrow('o.side');
  });

  it('refuses numbers that the table could not keep', () => {
    expect(() => numberText(new Decimal('NaN'))).toThrow(CodecError);
    expect(() => numberText(new Decimal('1e126'))).toThrow(CodecError);
    expect(() => numberText(new Decimal(`1.${'1'.repeat(40)}`))).toThrow(CodecError);
    expect(() => integers.encode(0.5)).toThrow(CodecError);
    expect(() => integers.decode({ N: '12345678901234567890' }, 'x')).toThrow(CodecError);
    expect(numberText(new Decimal('-0'))).toBe('0');
  });
});

describe.runIf(dynamoDbMissing === null)('DynamoDB', () => {
  let db: DynamoDb;
  let tables: TableNames;
  beforeAll(async () => {
    db = openDynamoDb(inject('dynamoDb'));
    tables = await db.createTables();
  });
  afterAll(() => db?.stop());

  it('keeps every digit', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyDecimal, { minLength: 1, maxLength: 20 }), async (values) => {
        const keys = { pk: { S: 'numbers' }, sk: { S: 'order' } };
        const Item = { ...keys, values: { L: values.map(decimals.encode) } };
        await db.client.send(new PutItemCommand({ TableName: tables.orders, Item }));
        const back = await db.client.send(new GetItemCommand({ TableName: tables.orders, Key: keys }));
        const read = back.Item?.['values']?.L?.map((value, i) => decimals.decode(value, `${i}`).toFixed());
        expect(read).toEqual(values.map((value) => value.toFixed().replace(/^-0$/, '0')));
      }),
      { numRuns: 40 },
    );
  });
});

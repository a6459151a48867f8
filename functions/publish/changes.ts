/** A record of a table's stream as a change that users are told of. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { DynamoDBRecord } from 'aws-lambda';
import { fills } from '../../shared/adapters/dynamodb/common-entities.ts';
import { ACTION_PREFIX, FILL_PREFIX, type Item } from '../../shared/adapters/dynamodb/items.ts';
import { orders } from '../../shared/adapters/dynamodb/order-entity.ts';
import { actions, positions } from '../../shared/adapters/dynamodb/position-entity.ts';
import type { Change } from '../../shared/usecases/push/publish-changes.ts';

/** Lambda's type of an image says no more than the SDK's, in other words. */
const imageOf = (image: unknown): Item | null =>
  image === undefined ? null : (image as Record<string, AttributeValue>);

/** Null: nobody is told of it (a call's key, a signal, an item that goes). @throws CodecError for one that cannot be read */
export function changeOf({ eventName, dynamodb }: DynamoDBRecord): Change | null {
  const after = imageOf(dynamodb?.NewImage);
  if (eventName === 'REMOVE' || after === null) return null;
  const before = imageOf(dynamodb?.OldImage);
  const id = after['pk']?.S ?? '';
  const sk = after['sk']?.S ?? '';
  if (sk === 'order') {
    const read = (item: Item) => orders.fromItem(item, `order ${id}`);
    return { kind: 'order', before: before && read(before), after: read(after) };
  }
  if (sk === 'position') {
    const read = (item: Item) => positions.fromItem(item, `position ${id}`);
    return { kind: 'position', before: before && read(before), after: read(after) };
  }
  if (sk.startsWith(FILL_PREFIX)) {
    return { kind: 'fill', orderId: id, fill: fills.fromItem(after, `fill of ${id}`) };
  }
  if (sk.startsWith(ACTION_PREFIX)) {
    return {
      kind: 'action',
      positionId: id,
      action: actions.fromItem(after, `action of ${id}`),
      name: sk.slice(ACTION_PREFIX.length),
    };
  }
  return null;
}

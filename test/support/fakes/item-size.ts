import type { AttributeValue } from '@aws-sdk/client-dynamodb';

/** DynamoDB's limit for one item, bytes. */
export const MAX_ITEM_BYTES = 400 * 1024;

const bytes = (text: string): number => Buffer.byteLength(text);
const CONTAINER = 3;

function valueSize(value: AttributeValue): number {
  if (value.S !== undefined) return bytes(value.S);
  if (value.N !== undefined) return Math.min(21, Math.ceil(value.N.replace(/[-.]/g, '').length / 2) + 2);
  if (value.L !== undefined) return value.L.reduce((all, one) => all + 1 + valueSize(one), CONTAINER);
  if (value.M !== undefined) return itemSize(value.M) + CONTAINER + Object.keys(value.M).length;
  if (value.BOOL !== undefined || value.NULL !== undefined) return 1;
  throw new Error(`an attribute of another type: ${Object.keys(value).join()}`);
}

/** Bytes that DynamoDB counts for an item: its names and its values. */
export const itemSize = (item: Readonly<Record<string, AttributeValue>>): number =>
  Object.entries(item).reduce((all, [name, value]) => all + bytes(name) + valueSize(value), 0);

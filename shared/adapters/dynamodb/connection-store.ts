/** Open connections on DynamoDB: by user, and by their own id whose they are (design section 14). */
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { CHANNELS, type Connection, type ConnectionStore, type Follower } from '../../ports/push.ts';
import { integers, lists, nullable, objects, texts, words } from './codec.ts';
import { type Item, key } from './items.ts';
import { collect, getItem, underKey } from './reads.ts';
import { transactPut } from './transact.ts';

export interface ConnectionStoreOptions {
  readonly client: DynamoDBClient;
  readonly connectionsTable: string;
  readonly now: () => number;
}

/** API Gateway ends each connection after two hours; what is left of one that nobody told us the end of goes then. */
const LONGEST_MS = 2 * 3_600_000;
/** Longer than anybody tells one connection (PUMP_MS): until then nobody else does. */
export const LEASE_MS = 15_000;

const PREFIX = 'connection#';
const ofUserKey = (userId: string, connectionId: string) => key(userId, `${PREFIX}${connectionId}`);
const ownerKey = (connectionId: string) => key(`${PREFIX}${connectionId}`, 'owner');
/** Whoever follows prices, all in one place: the one that tells them reads it each second. */
const FOLLOWERS = 'followers#prices';
const followerKey = (connectionId: string) => key(FOLLOWERS, `${PREFIX}${connectionId}`);

const connections = objects<Connection>({
  userId: texts,
  connectionId: texts,
  channels: lists(words(CHANNELS)),
  sent: nullable(integers),
  tokenUntil: integers,
});
const owners = objects({ userId: texts });
const followers = objects<Follower>({
  userId: texts,
  connectionId: texts,
  symbols: lists(texts),
  tokenUntil: integers,
  since: integers,
});
const channelList = lists(words(CHANNELS));

const readConnection = (item: Item): Connection => connections.fromItem(item, 'connection');

type Id = Pick<Connection, 'userId' | 'connectionId'>;

interface Conditional {
  readonly update: string;
  readonly condition: string;
  readonly values: Item;
}

export function createConnectionStore({
  client,
  connectionsTable,
  now,
}: ConnectionStoreOptions): ConnectionStore {
  /** The item as it stands then; a condition that failed answers what stood there, null where nothing did. */
  async function change(
    { userId, connectionId }: Id,
    { update, condition, values }: Conditional,
  ): Promise<{ readonly done: boolean; readonly item: Item | null }> {
    try {
      const { Attributes } = await client.send(
        new UpdateItemCommand({
          TableName: connectionsTable,
          Key: { ...ofUserKey(userId, connectionId) },
          UpdateExpression: update,
          ConditionExpression: `attribute_exists(pk) AND (${condition})`,
          ExpressionAttributeValues: values,
          ReturnValues: 'ALL_NEW',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return { done: true, item: Attributes ?? null };
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return { done: false, item: error.Item ?? null };
      throw error;
    }
  }

  const expiry = () => ({ expires_at: integers.encode(Math.ceil((now() + LONGEST_MS) / 1000)) });
  const remove = (Key: Item) =>
    client.send(new DeleteItemCommand({ TableName: connectionsTable, Key: { ...Key } }));

  return {
    async open({ userId, connectionId, tokenUntil }) {
      const item = connections.item({ userId, connectionId, channels: [], sent: null, tokenUntil });
      const own = expiry();
      const put = (whole: Item, name: string) => ({
        ...{ table: connectionsTable, item: { ...whole, ...own }, name, expects: 'any' as const },
      });
      await transactPut(client, [
        put({ ...item, ...ofUserKey(userId, connectionId), wanted: integers.encode(0) }, 'connection'),
        put({ ...owners.item({ userId }), ...ownerKey(connectionId) }, 'owner'),
      ]);
    },
    async find(connectionId) {
      const owner = await getItem(client, connectionsTable, ownerKey(connectionId));
      if (owner === null) return null;
      const { userId } = owners.fromItem(owner, 'owner of a connection');
      const item = await getItem(client, connectionsTable, ofUserKey(userId, connectionId));
      return item === null ? null : readConnection(item);
    },
    async subscribe(id, { channels, sent }) {
      const { done } = await change(id, {
        // Whoever tells it now loses the right to: where it stands has changed.
        update: 'SET channels = :channels, sent = :sent, wanted = :zero REMOVE lease_token, lease_until',
        condition: 'attribute_exists(pk)',
        values: {
          ':channels': channelList.encode(channels),
          ':sent': integers.encode(sent),
          ':zero': integers.encode(0),
        },
      });
      return done;
    },
    ofUser: (userId) => collect(underKey(client, connectionsTable, userId, PREFIX), readConnection),
    async lease(id, token, seq) {
      const at = now();
      for (;;) {
        const taken = await change(id, {
          update: 'SET lease_token = :token, lease_until = :until',
          condition: 'attribute_not_exists(lease_until) OR lease_until < :now',
          values: {
            ':token': { S: token },
            ':until': integers.encode(at + LEASE_MS),
            ':now': integers.encode(at),
          },
        });
        if (taken.done && taken.item !== null)
          return { outcome: 'taken', connection: readConnection(taken.item) };
        if (taken.item === null) return { outcome: 'gone' };
        const left = await change(id, {
          update: 'SET wanted = :seq',
          condition: 'attribute_exists(lease_token) AND wanted < :seq',
          values: { ':seq': integers.encode(seq) },
        });
        if (left.done) return { outcome: 'left_to_holder' };
        if (left.item === null) return { outcome: 'gone' };
        // Given back in between: it is to be had. Else the holder knows of this one or of a later one.
        if (left.item['lease_token'] !== undefined) return { outcome: 'left_to_holder' };
      }
    },
    async release(id, token, sent) {
      const values = { ':token': { S: token }, ':sent': integers.encode(sent) };
      const released = await change(id, {
        update: 'SET sent = :sent REMOVE lease_token, lease_until',
        condition: 'lease_token = :token AND wanted <= :sent',
        values,
      });
      if (released.done) return 'released';
      return released.item?.['lease_token']?.S === token ? 'more' : 'lost';
    },
    async abandon(id, token) {
      await change(id, {
        update: 'REMOVE lease_token, lease_until',
        condition: 'lease_token = :token',
        values: { ':token': { S: token } },
      });
    },
    async remove({ userId, connectionId }) {
      const keys = [ofUserKey(userId, connectionId), ownerKey(connectionId), followerKey(connectionId)];
      for (const one of keys) await remove(one);
    },
    async follow(follower) {
      const Key = followerKey(follower.connectionId);
      if (follower.symbols.length === 0) {
        await remove(Key);
        return;
      }
      const item = { ...followers.item(follower), ...Key, ...expiry() };
      await client.send(new PutItemCommand({ TableName: connectionsTable, Item: item }));
    },
    followers: () =>
      collect(underKey(client, connectionsTable, FOLLOWERS, PREFIX), (item) =>
        followers.fromItem(item, 'follower of prices'),
      ),
  };
}

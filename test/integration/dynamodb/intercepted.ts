/** A client of the database with a hand in each of its calls. */
import type { DynamoDb } from '../../support/dynamodb.ts';

type Send = DynamoDb['client']['send'];

/** The same client with each call passing through `hook`. */
export function intercepted(
  db: DynamoDb,
  hook: (command: unknown, next: () => Promise<unknown>) => Promise<unknown>,
): DynamoDb['client'] {
  const client: DynamoDb['client'] = Object.create(db.client);
  const send = db.client.send.bind(db.client) as (command: never) => Promise<unknown>;
  client.send = ((command: never) => hook(command, () => send(command))) as Send;
  return client;
}

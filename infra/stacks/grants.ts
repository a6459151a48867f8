/** Rights in the words of tables, queues and keys: the actions that our adapters use, on named things. */
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { TABLE_SHAPES, type TableName, type Tables } from './data-stack.ts';
import type { Access, Platform } from './service-function.ts';

/** A condition on another item of a transaction is read, too. */
const READ = ['BatchGetItem', 'ConditionCheckItem', 'GetItem', 'Query'];
const WRITE = [...READ, 'BatchWriteItem', 'DeleteItem', 'PutItem', 'UpdateItem'];

/** What is written once and stays. */
const APPEND = ['PutItem'];

const KEY_ACTION = { seal: 'kms:Encrypt', open: 'kms:Decrypt' } as const;

/** Grants exactly what is listed. */
export function grantAccess(
  grantee: IGrantable,
  { tables, queues, walletKey, cache }: Platform,
  access: Access,
): void {
  for (const name of access.reads ?? []) grantTable(grantee, tables, name, READ);
  for (const name of access.writes ?? []) grantTable(grantee, tables, name, WRITE);
  for (const name of access.appends ?? []) grantTable(grantee, tables, name, APPEND);
  for (const name of access.listsLive ?? []) {
    const resources = [`${tables[name].tableArn}/index/live`];
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({ actions: ['dynamodb:Scan'], resources }),
    );
  }
  for (const name of access.sends ?? []) grantSend(grantee, queues[name].queue);
  if (access.cache === true) {
    const statement = new PolicyStatement({
      actions: ['elasticache:Connect'],
      resources: [...cache.connectTo],
    });
    grantee.grantPrincipal.addToPrincipalPolicy(statement);
  }
  if (access.keys !== undefined) walletKey.grant(grantee, KEY_ACTION[access.keys]);
}

export const grantSend = (grantee: IGrantable, queue: IQueue): void => {
  queue.grant(grantee, 'sqs:SendMessage');
};

/** Its indexes by name: nothing else may be read by them, and nothing written. */
function grantTable(grantee: IGrantable, tables: Tables, name: TableName, actions: readonly string[]): void {
  const { tableArn } = tables[name];
  const allow = (verbs: readonly string[], resources: string[]): void => {
    const statement = new PolicyStatement({ actions: verbs.map((verb) => `dynamodb:${verb}`), resources });
    grantee.grantPrincipal.addToPrincipalPolicy(statement);
  };
  allow(actions, [tableArn]);
  const indexes = Object.keys(TABLE_SHAPES[name].indexes);
  if (indexes.length > 0) {
    allow(
      ['Query'],
      indexes.map((index) => `${tableArn}/index/${index}`),
    );
  }
}

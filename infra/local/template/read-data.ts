/** Tables and queues of a template. */
import { z } from 'zod';
import { attributeOf, type Cursor, find, properties, refOf } from './cursor.ts';
import type { DeclaredKey, DeclaredQueue, DeclaredTable } from './declared.ts';
import { physicalName, shortName } from './names.ts';

const keySchema = z
  .object({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) })
  .transform(({ AttributeName, KeyType }): DeclaredKey => ({ attribute: AttributeName, role: KeyType }));

const tableSchema = z.object({
  AttributeDefinitions: z.array(
    z.object({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) }),
  ),
  KeySchema: z.array(keySchema),
  GlobalSecondaryIndexes: z
    .array(
      z.object({
        IndexName: z.string(),
        KeySchema: z.array(keySchema),
        Projection: z.object({
          ProjectionType: z.string().default('ALL'),
          NonKeyAttributes: z.array(z.string()).default([]),
        }),
      }),
    )
    .default([]),
  TimeToLiveSpecification: z
    .object({ AttributeName: z.string().optional(), Enabled: z.boolean() })
    .optional(),
  StreamSpecification: z.object({ StreamViewType: z.string() }).optional(),
});

/** The tables, for AWS::DynamoDB::Table and GlobalTable alike. */
export const readTables = (cursor: Cursor): readonly DeclaredTable[] =>
  find(cursor.assembly, 'AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable').map((found) => {
    const table = properties(cursor, found, tableSchema);
    const ttl = table.TimeToLiveSpecification;
    return {
      name: physicalName(found.stack, found.id, found.resource),
      shortName: shortName(found.id, found.resource),
      attributeTypes: Object.fromEntries(
        table.AttributeDefinitions.map(({ AttributeName, AttributeType }) => [AttributeName, AttributeType]),
      ),
      keys: table.KeySchema,
      indexes: table.GlobalSecondaryIndexes.map(({ IndexName, KeySchema, Projection }) => ({
        name: IndexName,
        keys: KeySchema,
        projection: { type: Projection.ProjectionType, attributes: Projection.NonKeyAttributes },
      })),
      ttlAttribute: ttl?.Enabled ? ttl.AttributeName : undefined,
      streamView: table.StreamSpecification?.StreamViewType,
    };
  });

const attributeText = z.union([z.string(), z.number(), z.boolean()]).transform(String).optional();

const queueSchema = z.object({
  VisibilityTimeout: attributeText,
  DelaySeconds: attributeText,
  MessageRetentionPeriod: attributeText,
  MaximumMessageSize: attributeText,
  ReceiveMessageWaitTimeSeconds: attributeText,
  FifoQueue: attributeText,
  ContentBasedDeduplication: attributeText,
  DeduplicationScope: attributeText,
  FifoThroughputLimit: attributeText,
  SqsManagedSseEnabled: attributeText,
  RedrivePolicy: z
    .object({ deadLetterTargetArn: z.string(), maxReceiveCount: z.coerce.number().int().positive() })
    .optional(),
});

/** The queues with every setting that changes how they behave. */
export const readQueues = (cursor: Cursor): readonly DeclaredQueue[] =>
  find(cursor.assembly, 'AWS::SQS::Queue').map((found) => {
    const { RedrivePolicy, ...plain } = properties(cursor, found, queueSchema);
    const attributes: Record<string, string> = {};
    for (const [key, value] of Object.entries(plain)) if (value !== undefined) attributes[key] = value;
    if (RedrivePolicy) attributes['RedrivePolicy'] = JSON.stringify(RedrivePolicy);
    return {
      name: physicalName(found.stack, found.id, found.resource),
      shortName: shortName(found.id, found.resource),
      arn: attributeOf(cursor, found, 'Arn'),
      url: refOf(cursor, found),
      attributes,
      deadLetterArn: RedrivePolicy?.deadLetterTargetArn,
    };
  });

/** Functions, their queue sources, and schedules of a template. */
import { z } from 'zod';
import { assetIdOfKey } from './assembly.ts';
import { attributeOf, type Cursor, type Found, find, properties } from './cursor.ts';
import type {
  DeclaredAsync,
  DeclaredFunction,
  DeclaredQueueSource,
  DeclaredRule,
  DeclaredStreamSource,
} from './declared.ts';
import { TemplateError } from './intrinsics.ts';
import { physicalName, shortName } from './names.ts';

/** What Lambda does when the template says nothing. */
const LAMBDA_DEFAULTS = {
  timeoutSeconds: 3,
  memoryMb: 128,
  retries: 2,
  maxAgeSeconds: 21_600,
  batchSize: 10,
  streamBatchSize: 100,
};

const environmentText = z.union([z.string(), z.number(), z.boolean()]).transform(String);

const functionSchema = z.object({
  Handler: z.string(),
  Code: z.object({ S3Key: z.string().optional() }),
  Environment: z.object({ Variables: z.record(z.string(), environmentText).default({}) }).optional(),
  Timeout: z.coerce.number().positive().default(LAMBDA_DEFAULTS.timeoutSeconds),
  MemorySize: z.coerce.number().positive().default(LAMBDA_DEFAULTS.memoryMb),
  RecursiveLoop: z.enum(['Allow', 'Terminate']).default('Terminate'),
  DeadLetterConfig: z.object({ TargetArn: z.string() }).optional(),
});

const asyncSchema = z.object({
  FunctionName: z.string(),
  MaximumRetryAttempts: z.coerce.number().int().min(0).max(2).default(LAMBDA_DEFAULTS.retries),
  MaximumEventAgeInSeconds: z.coerce.number().positive().default(LAMBDA_DEFAULTS.maxAgeSeconds),
  DestinationConfig: z.object({ OnFailure: z.object({ Destination: z.string() }).optional() }).optional(),
});

type AsyncConfig = Omit<DeclaredAsync, 'deadLetterArn'>;

const ASYNC_DEFAULTS: AsyncConfig = {
  retries: LAMBDA_DEFAULTS.retries,
  maxAgeSeconds: LAMBDA_DEFAULTS.maxAgeSeconds,
  onFailureArn: undefined,
};

function readAsyncConfigs(cursor: Cursor): ReadonlyMap<string, AsyncConfig> {
  return new Map(
    find(cursor.assembly, 'AWS::Lambda::EventInvokeConfig').map((found) => {
      const config = properties(cursor, found, asyncSchema);
      return [
        functionNameOf(config.FunctionName),
        {
          retries: config.MaximumRetryAttempts,
          maxAgeSeconds: config.MaximumEventAgeInSeconds,
          onFailureArn: config.DestinationConfig?.OnFailure?.Destination,
        },
      ];
    }),
  );
}

/** The functions named in `wanted` (an ARN or a name); others are nobody's to call and need no process. */
export function readFunctions(cursor: Cursor, wanted: ReadonlySet<string>): readonly DeclaredFunction[] {
  const asyncConfigs = readAsyncConfigs(cursor);
  return find(cursor.assembly, 'AWS::Lambda::Function').flatMap((found) => {
    const name = physicalName(found.stack, found.id, found.resource);
    const arn = attributeOf(cursor, found, 'Arn');
    if (!wanted.has(arn) && !wanted.has(name)) return [];
    const declared = properties(cursor, found, functionSchema);
    return [
      {
        name,
        shortName: shortName(found.id, found.resource),
        arn,
        codeDirectory: codeDirectory(cursor, found, declared.Code.S3Key),
        handler: declared.Handler,
        environment: declared.Environment?.Variables ?? {},
        timeoutSeconds: declared.Timeout,
        memoryMb: declared.MemorySize,
        allowsRecursion: declared.RecursiveLoop === 'Allow',
        asynchronous: {
          ...(asyncConfigs.get(name) ?? ASYNC_DEFAULTS),
          deadLetterArn: declared.DeadLetterConfig?.TargetArn,
        },
      },
    ];
  });
}

function codeDirectory(cursor: Cursor, found: Found, key: string | undefined): string {
  const directory = key === undefined ? undefined : cursor.assembly.files.get(assetIdOfKey(key));
  if (directory === undefined) {
    throw new TemplateError(`${found.stack.name}: the code of ${found.id} is no asset of this assembly`);
  }
  return directory;
}

const mappingSchema = z.object({
  FunctionName: z.string(),
  EventSourceArn: z.string(),
  BatchSize: z.coerce.number().int().positive().optional(),
  StartingPosition: z.enum(['TRIM_HORIZON', 'LATEST']).optional(),
  BisectBatchOnFunctionError: z.boolean().default(false),
  MaximumRetryAttempts: z.coerce.number().int().min(-1).default(-1),
  MaximumRecordAgeInSeconds: z.coerce.number().int().min(-1).default(-1),
  DestinationConfig: z.object({ OnFailure: z.object({ Destination: z.string() }).optional() }).optional(),
  MaximumBatchingWindowInSeconds: z.coerce.number().min(0).default(0),
  FunctionResponseTypes: z.array(z.string()).default([]),
  ScalingConfig: z.object({ MaximumConcurrency: z.coerce.number().int().positive().optional() }).optional(),
  Enabled: z.boolean().default(true),
  FilterCriteria: z.unknown().optional(),
});

/** The mappings that are switched on. @throws for one with a filter: that is not imitated yet */
function readMappings(cursor: Cursor) {
  return find(cursor.assembly, 'AWS::Lambda::EventSourceMapping').flatMap((found) => {
    const mapping = properties(cursor, found, mappingSchema);
    if (!mapping.Enabled) return [];
    if (mapping.FilterCriteria !== undefined) {
      throw new TemplateError(`${found.stack.name}: ${found.id} has FilterCriteria, which are not imitated`);
    }
    const source = sourceOf(mapping.EventSourceArn);
    if (source === null) {
      throw new TemplateError(
        `${found.stack.name}: ${found.id} reads ${mapping.EventSourceArn}; only queues and tables are imitated`,
      );
    }
    return [{ mapping, source }];
  });
}

const sourceOf = (arn: string): { readonly table: string | null } | null => {
  if (arn.startsWith('arn:aws:sqs:')) return { table: null };
  const [, table] = /^arn:aws:dynamodb:[^:]*:[^:]*:table\/([^/]+)\/stream\//.exec(arn) ?? [];
  return table === undefined ? null : { table };
};

/** The event source mappings of queues. @throws for a source that is not imitated, or with a filter */
export const readQueueSources = (cursor: Cursor): readonly DeclaredQueueSource[] =>
  readMappings(cursor).flatMap(({ mapping, source }) =>
    source.table !== null
      ? []
      : [
          {
            functionName: functionNameOf(mapping.FunctionName),
            queueArn: mapping.EventSourceArn,
            batchSize: mapping.BatchSize ?? LAMBDA_DEFAULTS.batchSize,
            windowSeconds: mapping.MaximumBatchingWindowInSeconds,
            reportsItemFailures: mapping.FunctionResponseTypes.includes('ReportBatchItemFailures'),
            maxConcurrency: mapping.ScalingConfig?.MaximumConcurrency,
          },
        ],
  );

/** The event source mappings of table streams. */
export const readStreamSources = (cursor: Cursor): readonly DeclaredStreamSource[] =>
  readMappings(cursor).flatMap(({ mapping, source }) =>
    source.table === null
      ? []
      : [
          {
            functionName: functionNameOf(mapping.FunctionName),
            tableName: source.table,
            batchSize: mapping.BatchSize ?? LAMBDA_DEFAULTS.streamBatchSize,
            windowSeconds: mapping.MaximumBatchingWindowInSeconds,
            from: mapping.StartingPosition ?? 'LATEST',
            reportsItemFailures: mapping.FunctionResponseTypes.includes('ReportBatchItemFailures'),
            bisects: mapping.BisectBatchOnFunctionError,
            retries: mapping.MaximumRetryAttempts,
            maxAgeSeconds: mapping.MaximumRecordAgeInSeconds,
            onFailureArn: mapping.DestinationConfig?.OnFailure?.Destination,
          },
        ],
  );

/** A function's name from its ARN, or the name itself. */
export const functionNameOf = (nameOrArn: string): string =>
  nameOrArn.startsWith('arn:') ? (nameOrArn.split(':')[6] ?? nameOrArn) : nameOrArn;

const ruleSchema = z.object({
  ScheduleExpression: z.string().optional(),
  EventPattern: z.unknown().optional(),
  State: z.string().default('ENABLED'),
  Targets: z
    .array(
      z.object({
        Arn: z.string(),
        Input: z.string().optional(),
        InputPath: z.unknown().optional(),
        InputTransformer: z.unknown().optional(),
        SqsParameters: z.object({ MessageGroupId: z.string() }).optional(),
      }),
    )
    .default([]),
});

const MINUTES_PER_UNIT: Readonly<Record<string, number>> = { minute: 1, hour: 60, day: 1440 };

/** Of what AWS's own services tell, as that a task has stopped: there are none of them here, and nobody to tell it. */
const OfAws = z.object({ EventPattern: z.object({ source: z.array(z.string().startsWith('aws.')).min(1) }) });

/** The scheduled rules. @throws for other event patterns, cron and input transformers: they are not imitated yet */
export const readRules = (cursor: Cursor): readonly DeclaredRule[] =>
  find(cursor.assembly, 'AWS::Events::Rule').flatMap((found) => {
    if (OfAws.safeParse(found.resource.Properties).success) return [];
    const rule = properties(cursor, found, ruleSchema);
    if (rule.State !== 'ENABLED') return [];
    const where = `${found.stack.name}: rule ${found.id}`;
    const rate = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(rule.ScheduleExpression ?? '');
    if (!rate || rule.EventPattern !== undefined) {
      throw new TemplateError(`${where}: only rate(N minutes|hours|days) is imitated`);
    }
    return [
      {
        name: shortName(found.id, found.resource),
        arn: attributeOf(cursor, found, 'Arn'),
        everyMinutes: Number(rate[1]) * (MINUTES_PER_UNIT[rate[2] ?? ''] ?? 1),
        targets: rule.Targets.map((target) => {
          if (target.InputPath !== undefined || target.InputTransformer !== undefined) {
            throw new TemplateError(`${where}: InputPath and InputTransformer are not imitated`);
          }
          return {
            arn: target.Arn,
            input: target.Input,
            messageGroupId: target.SqsParameters?.MessageGroupId,
          };
        }),
      },
    ];
  });

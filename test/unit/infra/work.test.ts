/** What the templates promise about queues, functions, tables and the minute (design sections 14, 15, 20). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FUNCTION_ENTRIES } from '../../../infra/bundle/entries.ts';
import { physicalNames, QUEUE_NAMES } from '../../../infra/queues.ts';
import { mentions, type Synthesised, synthesise } from './synthesised.ts';

let sandbox: Synthesised;
let prod: Synthesised;

beforeAll(() => {
  sandbox = synthesise('sandbox');
  prod = synthesise('prod');
});

afterAll(() => {
  sandbox.remove();
  prod.remove();
});

const FUNCTION = 'AWS::Lambda::Function';
const MAPPING = 'AWS::Lambda::EventSourceMapping';
/** Of queues; those of tables begin somewhere in their stream. */
const queueMappings = () =>
  sandbox.ofType(MAPPING).filter(({ properties }) => !('StartingPosition' in properties));
const QUEUE = 'AWS::SQS::Queue';

const functionFor = (mapping: { properties: Record<string, unknown> }) => {
  const found = sandbox.ofType(FUNCTION).filter(({ id }) => mentions(mapping.properties['FunctionName'], id));
  expect(found).toHaveLength(1);
  return found[0];
};

const queueFor = (mapping: { properties: Record<string, unknown> }) => {
  const found = sandbox.ofType(QUEUE).filter(({ id }) => mentions(mapping.properties['EventSourceArn'], id));
  expect(found).toHaveLength(1);
  return found[0];
};

describe('the queues', () => {
  it('are never without a dead-letter queue of their own kind', () => {
    const queues = sandbox.ofType(QUEUE);
    const dead = queues.filter(({ id }) => id.includes('DeadLetters'));
    const work = queues.filter((queue) => !dead.includes(queue));
    expect(work.map(({ id }) => id.replace(/Queue.*/, ''))).toEqual([
      'Submit',
      'Exits',
      'Executions',
      'Triggers',
      'Reconcile',
      'Webhooks',
      'Prices',
    ]);
    for (const { properties } of work) {
      expect(properties['RedrivePolicy']).toMatchObject({ maxReceiveCount: 5 });
      const target = dead.find(({ id }) => mentions(properties['RedrivePolicy'], id));
      expect(target?.properties['FifoQueue']).toBe(properties['FifoQueue']);
    }
    for (const { properties } of dead) expect(properties['MessageRetentionPeriod']).toBe(14 * 24 * 3600);
    for (const { properties } of queues) expect(properties['SqsManagedSseEnabled']).toBe(true);
  });

  it('are FIFO for executions only, in its high-throughput mode', () => {
    const fifo = sandbox.ofType(QUEUE).filter(({ properties }) => properties['FifoQueue'] === true);
    expect(fifo.map(({ id }) => id.replace(/[0-9A-F]{8}$/, '')).sort()).toEqual([
      'ExecutionsDeadLetters',
      'ExecutionsQueue',
    ]);
    expect(sandbox.one(QUEUE, 'ExecutionsQueue').properties).toMatchObject({
      DeduplicationScope: 'messageGroup',
      FifoThroughputLimit: 'perMessageGroupId',
    });
  });

  it('have names by which whoever operates a stage finds them', () => {
    const names = (from: Synthesised, stage: string) => {
      const all = from
        .ofType(QUEUE)
        .filter(({ stack }) => stack.endsWith('-queues'))
        .map(({ properties }) => String(properties['QueueName']));
      const expected = QUEUE_NAMES.map((name) => physicalNames(stage, name));
      expect([...all].sort()).toEqual(
        expected.flatMap(({ queue, deadLetters }) => [queue, deadLetters]).sort(),
      );
    };
    names(sandbox, 'sandbox');
    names(prod, 'prod');
    expect(physicalNames('prod', 'executions')).toEqual({
      queue: 'moniqo-prod-executions.fifo',
      deadLetters: 'moniqo-prod-executions-dead-letters.fifo',
    });
  });

  it('let a worker put messages on its own dead-letter queue, and nobody else on any', () => {
    const dead = sandbox
      .ofType(QUEUE)
      .filter(({ id, stack }) => /DeadLetters/.test(id) && /-queues$/.test(stack));
    const may = (policy: { properties: Record<string, unknown> }, queueId: string): boolean =>
      (
        policy.properties['PolicyDocument'] as { Statement: { Action: unknown; Resource: unknown }[] }
      ).Statement.filter(({ Resource }) => mentions(Resource, queueId)).some(({ Action }) =>
        [Action].flat().includes('sqs:SendMessage'),
      );
    for (const mapping of queueMappings()) {
      const source = queueFor(mapping);
      const worker = functionFor(mapping);
      const own = dead.find(({ id }) => mentions(source?.properties['RedrivePolicy'], id));
      expect(own).toBeDefined();
      const env = variables(worker?.properties ?? {});
      expect(mentions(env['DEAD_LETTER_QUEUE_URL'], own?.id ?? '?')).toBe(true);
      expect(source?.properties['RedrivePolicy']).toMatchObject({
        maxReceiveCount: Number(env['MAX_RECEIVE_COUNT']),
      });
      const allowed = sandbox.ofType('AWS::IAM::Policy').filter((policy) => may(policy, own?.id ?? '?'));
      expect(allowed.map(({ id }) => id.replace(/Role.*/, ''))).toEqual([
        worker?.id.replace(/Function.*/, ''),
      ]);
    }
    const others = sandbox.ofType(FUNCTION).map(({ properties }) => variables(properties));
    expect(others.filter((env) => 'DEAD_LETTER_QUEUE_URL' in env)).toHaveLength(QUEUE_NAMES.length);
  });

  it('let those that send orders ask for a comparison, and look at the wallet while they claim', () => {
    const reconcile = sandbox.one(QUEUE, 'ReconcileQueue').id;
    const wallets = sandbox.one('AWS::DynamoDB::Table', 'Wallets').id;
    for (const worker of ['Submit', 'Exits']) {
      const policies = sandbox.ofType('AWS::IAM::Policy').filter(({ id }) => id.startsWith(`${worker}Role`));
      const statements = policies.flatMap(
        ({ properties }) =>
          (properties['PolicyDocument'] as { Statement: { Action: unknown; Resource: unknown }[] }).Statement,
      );
      const allowed = (resource: string): unknown[] =>
        statements.filter(({ Resource }) => mentions(Resource, resource)).flatMap(({ Action }) => Action);
      expect(allowed(reconcile)).toContain('sqs:SendMessage');
      expect(allowed(wallets)).toContain('dynamodb:ConditionCheckItem');
    }
  });

  it('hide a message for at least six times its worker timeout', () => {
    for (const mapping of queueMappings()) {
      const visibility = Number(queueFor(mapping)?.properties['VisibilityTimeout']);
      const timeout = Number(functionFor(mapping)?.properties['Timeout']);
      expect(visibility).toBeGreaterThanOrEqual(6 * timeout);
    }
  });

  it('feed their workers with the batches of the design and partial failures', () => {
    const mappings = queueMappings().map((mapping) => ({
      worker: functionFor(mapping)?.id.replace(/Function.*/, ''),
      batch: mapping.properties['BatchSize'],
      most: (mapping.properties['ScalingConfig'] as { MaximumConcurrency: number } | undefined)
        ?.MaximumConcurrency,
      reports: mapping.properties['FunctionResponseTypes'],
    }));
    const reports = ['ReportBatchItemFailures'];
    expect(mappings).toEqual([
      { worker: 'Submit', batch: 1, most: 10, reports },
      { worker: 'Exits', batch: 1, most: 20, reports },
      { worker: 'Executions', batch: 10, most: undefined, reports },
      { worker: 'Evaluate', batch: 10, most: 10, reports },
      { worker: 'Reconcile', batch: 1, most: 5, reports },
      { worker: 'Prices', batch: 1, most: 2, reports },
      { worker: 'Webhooks', batch: 1, most: 10, reports },
    ]);
  });
});

describe('the streams of orders and positions', () => {
  it('are read by publish, in bounds, and what it gives up is kept and alarmed', () => {
    const mappings = sandbox.ofType(MAPPING).filter(({ properties }) => 'StartingPosition' in properties);
    const dead = sandbox.one(QUEUE, 'PublishDeadLetters');
    expect(mappings).toHaveLength(2);
    for (const mapping of mappings) {
      expect(functionFor(mapping)?.id).toMatch(/^PublishFunction/);
      expect(mapping.properties).toMatchObject({
        StartingPosition: 'TRIM_HORIZON',
        BatchSize: 100,
        BisectBatchOnFunctionError: true,
        MaximumRetryAttempts: 10,
        MaximumRecordAgeInSeconds: 3_600,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
      });
      expect(mentions(mapping.properties['DestinationConfig'], dead.id)).toBe(true);
    }
    const streams = sandbox
      .ofType('AWS::DynamoDB::Table')
      .filter(({ properties }) => properties['StreamSpecification'] !== undefined);
    expect(streams.map(({ id }) => id.replace(/[0-9A-F]{8}$/, ''))).toEqual(['Orders', 'Positions']);
    for (const { properties } of streams)
      expect(properties['StreamSpecification']).toEqual({ StreamViewType: 'NEW_AND_OLD_IMAGES' });
  });
});

/** Ours; beside them there is the CDK's helper that fills the bucket of the console. */
const ownFunctions = () => sandbox.ofType(FUNCTION).filter(({ stack }) => !stack.endsWith('-console-files'));

describe('the functions', () => {
  it('are the bundled ones, on Node 24 and ARM, each with its own log group', () => {
    const functions = ownFunctions();
    const services = functions.map(({ properties }) => variables(properties)['POWERTOOLS_SERVICE_NAME']);
    expect(services.sort()).toEqual(Object.keys(FUNCTION_ENTRIES).sort());
    for (const { properties } of functions) {
      expect(properties).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        Handler: 'index.handler',
      });
      expect(properties['LoggingConfig']).toBeDefined();
    }
  });

  it('have the timeouts of the design', () => {
    const timeouts = ownFunctions().map(({ properties }) => [
      variables(properties)['POWERTOOLS_SERVICE_NAME'],
      properties['Timeout'],
    ]);
    expect(Object.fromEntries(timeouts)).toEqual({
      api: 29,
      docs: 5,
      submit: 15,
      exits: 15,
      executions: 5,
      evaluate: 10,
      dispatch: 30,
      symbols: 50,
      reconcile: 50,
      publish: 60,
      socket: 25,
      webhooks: 15,
      prices: 30,
    });
  });

  it('may send their work on without being cut after 16 hops, where they work on a queue', () => {
    const allowed = ownFunctions()
      .filter(({ properties }) => properties['RecursiveLoop'] === 'Allow')
      .map(({ properties }) => variables(properties)['POWERTOOLS_SERVICE_NAME']);
    expect(allowed.sort()).toEqual([
      ...['evaluate', 'executions', 'exits', 'prices', 'reconcile', 'submit', 'webhooks'],
    ]);
  });

  it('are in the VPC, all but dispatch, docs and what tells users of events', () => {
    const outside = ownFunctions()
      .filter(({ properties }) => properties['VpcConfig'] === undefined)
      .map(({ properties }) => variables(properties)['POWERTOOLS_SERVICE_NAME']);
    expect(outside.sort()).toEqual(['dispatch', 'docs', 'publish', 'socket', 'webhooks']);
  });

  it('know every table, queue and the cache by name', () => {
    const api = variables(sandbox.one(FUNCTION, 'Api').properties);
    expect(Object.keys(api)).toEqual(
      expect.arrayContaining([
        ...['ORDERS_TABLE', 'POSITIONS_TABLE', 'WALLETS_TABLE', 'DEMO_VENUE_TABLE', 'PRICE_TAPE_TABLE'],
        ...['CLIENTS_TABLE', 'AUDIT_TABLE', 'AUDIT_DAYS'],
        ...[
          'SUBMIT_QUEUE_URL',
          'EXITS_QUEUE_URL',
          'EXECUTIONS_QUEUE_URL',
          'TRIGGERS_QUEUE_URL',
          'RECONCILE_QUEUE_URL',
        ],
        ...['VALKEY_URL', 'STAGE', 'SWEEP_SHARDS', 'ORDER_MONITOR_ENABLED'],
        'ORDER_MONITOR_CHECK_INTERVAL_SECONDS',
      ]),
    );
    expect(JSON.stringify(api['VALKEY_URL'])).toContain('rediss://');
  });

  it('that tell users read orders and positions, and write neither', () => {
    for (const worker of ['Publish', 'Socket', 'Webhooks']) {
      const { properties } = sandbox.one('AWS::IAM::Policy', `${worker}Role`);
      const { Statement } = properties['PolicyDocument'] as {
        Statement: { Action: unknown; Resource: unknown }[];
      };
      for (const table of ['Orders', 'Positions', 'Wallets']) {
        const { id } = sandbox.one('AWS::DynamoDB::Table', table);
        const actions = Statement.filter(({ Resource }) => mentions(Resource, id)).flatMap(
          ({ Action }) => Action,
        );
        expect(actions.filter((action) => /Put|Update|Delete|Write/.test(String(action)))).toEqual([]);
      }
      for (const name of ['SubmitQueue', 'ExitsQueue', 'ExecutionsQueue', 'TriggersQueue'])
        expect(mentions(Statement, sandbox.one(QUEUE, name).id)).toBe(false);
    }
  });
});

describe('the tables', () => {
  const shape = (idPrefix: string) => {
    const { properties } = sandbox.one('AWS::DynamoDB::Table', idPrefix);
    const types = new Map(
      (properties['AttributeDefinitions'] as { AttributeName: string; AttributeType: string }[]).map(
        (definition) => [definition.AttributeName, definition.AttributeType],
      ),
    );
    const keys = (schema: unknown) =>
      (schema as { AttributeName: string }[])
        .map(({ AttributeName: name }) => `${name}:${types.get(name)}`)
        .join(' ');
    const indexes = (properties['GlobalSecondaryIndexes'] ?? []) as {
      IndexName: string;
      KeySchema: unknown;
      Projection: unknown;
    }[];
    const type = (one: { Projection: unknown }) =>
      (one.Projection as { ProjectionType: string }).ProjectionType;
    const keysOnly = indexes.filter((one) => type(one) === 'KEYS_ONLY').map(({ IndexName }) => IndexName);
    expect(indexes.filter((one) => type(one) === 'ALL')).toHaveLength(indexes.length - keysOnly.length);
    return {
      keysOnly,
      key: keys(properties['KeySchema']),
      indexes: Object.fromEntries(indexes.map(({ IndexName, KeySchema }) => [IndexName, keys(KeySchema)])),
    };
  };

  it('have the keys and indexes that their access patterns need', () => {
    const key = 'pk:S sk:S';
    const live = 'live_symbol:S pk:S';
    const due = 'due_shard:S due_at:N';
    const lists = { by_user: 'user_id:S sort:S', by_wallet: 'wallet_id:S sort:S' };
    // Whoever reads these wants to know which there are; the items themselves are read by their keys.
    const [keysOnly, whole] = [['live', 'due'], [] as string[]];
    expect(shape('Orders')).toEqual({
      ...{ key, keysOnly },
      indexes: {
        ...lists,
        by_position: 'position_id:S sort:S',
        live,
        live_by_wallet: 'live_wallet:S pk:S',
        due,
      },
    });
    expect(shape('Positions')).toEqual({
      ...{ key, keysOnly },
      indexes: { ...lists, by_flow: 'flow_id:S sort:S', live, live_by_wallet: 'live_wallet:S pk:S', due },
    });
    expect(shape('Wallets')).toEqual({
      ...{ key, keysOnly: ['due'] },
      indexes: { by_user: 'user_id:S sort:S', by_environment: 'live_environment:S pk:S', due },
    });
    const plain = { key, keysOnly: whole, indexes: {} };
    expect(shape('Symbols')).toEqual(plain);
    expect(shape('DemoVenue')).toEqual({ ...plain, indexes: { live } });
    expect(shape('PriceTape')).toEqual({ ...plain, key: 'pk:S sk:N' });
    for (const name of ['Events', 'Connections', 'Webhooks']) expect(shape(name)).toEqual(plain);
    for (const name of ['PriceTape', 'Events', 'Connections', 'Webhooks'])
      expect(sandbox.one('AWS::DynamoDB::Table', name).properties['TimeToLiveSpecification']).toEqual({
        AttributeName: 'expires_at',
        Enabled: true,
      });
  });

  it('are paid by use, go with the sandbox and stay in prod', () => {
    for (const { properties, deletionPolicy } of sandbox.ofType('AWS::DynamoDB::Table')) {
      expect(properties['BillingMode']).toBe('PAY_PER_REQUEST');
      expect(deletionPolicy).toBe('Delete');
    }
    for (const { properties, deletionPolicy } of prod.ofType('AWS::DynamoDB::Table')) {
      expect(deletionPolicy).toBe('Retain');
      expect(properties['DeletionProtectionEnabled']).toBe(true);
      expect(properties['PointInTimeRecoverySpecification']).toMatchObject({
        PointInTimeRecoveryEnabled: true,
      });
    }
  });
});

describe('the minute', () => {
  it('calls dispatch, with retries and a dead-letter queue', () => {
    const rule = sandbox.ofType('AWS::Events::Rule').find(({ stack }) => stack.endsWith('-triggers'));
    expect(rule?.properties).toMatchObject({ ScheduleExpression: 'rate(1 minute)', State: 'ENABLED' });
    const targets = rule?.properties['Targets'] as Record<string, unknown>[];
    expect(targets).toHaveLength(1);
    expect(mentions(targets[0]?.['Arn'], sandbox.one(FUNCTION, 'Dispatch').id)).toBe(true);
    expect(targets[0]?.['RetryPolicy']).toEqual({ MaximumEventAgeInSeconds: 120, MaximumRetryAttempts: 2 });
    expect(mentions(targets[0]?.['DeadLetterConfig'], 'DispatchDeadLetters')).toBe(true);
  });

  it('calls symbols, once: the next minute makes up for it', () => {
    // Those of the clock; what ECS tells comes by another one (monitoring.test.ts).
    const rules = sandbox
      .ofType('AWS::Events::Rule')
      .filter(({ properties }) => properties['ScheduleExpression'] !== undefined);
    expect(rules).toHaveLength(4);
    const rule = rules.find(({ stack }) => stack.endsWith('-symbols'));
    expect(rule?.properties).toMatchObject({ ScheduleExpression: 'rate(1 minute)', State: 'ENABLED' });
    const targets = rule?.properties['Targets'] as Record<string, unknown>[];
    expect(mentions(targets[0]?.['Arn'], sandbox.one(FUNCTION, 'Symbols').id)).toBe(true);
    expect(targets[0]?.['RetryPolicy']).toMatchObject({ MaximumRetryAttempts: 0 });
  });

  it('compares the wallets that are due with their venue', () => {
    const rule = sandbox.ofType('AWS::Events::Rule').find(({ stack }) => stack.endsWith('-reconcile'));
    expect(rule?.properties).toMatchObject({ ScheduleExpression: 'rate(1 minute)', State: 'ENABLED' });
    const targets = rule?.properties['Targets'] as Record<string, unknown>[];
    expect(mentions(targets[0]?.['Arn'], sandbox.one(FUNCTION, 'Reconcile').id)).toBe(true);
  });
});

function variables(properties: Record<string, unknown>): Record<string, unknown> {
  return (properties['Environment'] as { Variables: Record<string, unknown> }).Variables;
}

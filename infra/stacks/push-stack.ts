/**
 * What tells users (design section 14): the streams of orders and positions become events, which go to WebSocket
 * connections and webhooks. All of it outside the VPC, and none of it in the way of an order. Prices lie in the cache: what
 * tells those is inside, a function of its own that works only while somebody follows some.
 */
import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { type CfnStage, WebSocketApi, WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { type Function as LambdaFunction, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource, SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { Users } from './api-stack.ts';
import { makeDeadLetterQueue } from './queues-stack.ts';
import {
  cacheEnvironment,
  exchangeEnvironment,
  type Platform,
  ServiceFunction,
  webhookEnvironment,
} from './service-function.ts';

export interface PushStackProps extends StackProps {
  readonly platform: Platform;
  readonly users: Users;
}

/** Where users connect: `wss://.../push`. */
const STAGE_NAME = 'push';

/** Frames from users and new connections, of everybody together. */
const THROTTLE = { throttlingRateLimit: 500, throttlingBurstLimit: 1_000 };

/** An event is kept for an hour: a change that is older tells nobody anything. */
const OLDEST_CHANGE = Duration.hours(1);

/** The next minute does what this one did not. */
const ONCE = { retryAttempts: 0, maxEventAge: Duration.minutes(1) };

export class PushStack extends Stack {
  readonly functions: Readonly<Record<'publish' | 'socket' | 'webhooks' | 'prices', LambdaFunction>>;
  /** Where in the streams changes lie that could not be told. */
  readonly deadLetters: Queue;
  readonly api: WebSocketApi;
  /** Where users connect. */
  readonly url: string;

  constructor(scope: Construct, id: string, { platform, users, ...props }: PushStackProps) {
    super(scope, id, props);
    this.deadLetters = makeDeadLetterQueue(this, 'PublishDeadLetters');
    this.api = new WebSocketApi(this, 'Api', { apiName: `moniqo-push-${platform.settings.stage}` });
    this.url = `${this.api.apiEndpoint}/${STAGE_NAME}`;
    const tell = {
      PUSH_URL: this.url,
      EVENTS_TABLE: platform.tables.events.tableName,
      CONNECTIONS_TABLE: platform.tables.connections.tableName,
    };
    const publish = this.makePublish(platform, tell);
    const socket = new ServiceFunction(this, 'Socket', {
      name: 'socket',
      platform,
      memoryMb: 512,
      inVpc: false,
      environment: {
        ...tell,
        TOKEN_ISSUER: users.pool.userPoolProviderUrl,
        TOKEN_CLIENTS: users.clients.map(({ userPoolClientId }) => userPoolClientId).join(','),
        CLIENTS_TABLE: platform.tables.clients.tableName,
        ...exchangeEnvironment(platform, 'nat'),
        PRICES_QUEUE_URL: platform.queues.prices.queue.queueUrl,
      },
      writes: ['connections'],
      reads: ['events', 'clients', 'symbols'],
      sends: ['prices'],
    }).fn;
    const prices = this.makePrices(platform, tell);
    const webhooks = new ServiceFunction(this, 'Webhooks', {
      name: 'webhooks',
      platform,
      memoryMb: 256,
      inVpc: false,
      environment: webhookEnvironment(platform),
      writes: ['webhooks'],
      sends: ['webhooks'],
      worksOn: { queue: 'webhooks', batchSize: 1, maxConcurrency: 10 },
    }).fn;
    for (const route of ['$connect', '$disconnect', '$default'])
      this.api.addRoute(route, {
        integration: new WebSocketLambdaIntegration(`${route.slice(1)}Integration`, socket),
      });
    const stage = new WebSocketStage(this, 'Stage', {
      webSocketApi: this.api,
      stageName: STAGE_NAME,
      autoDeploy: true,
    });
    (stage.node.defaultChild as CfnStage).defaultRouteSettings = THROTTLE;
    for (const fn of [publish, socket, prices]) this.letTell(fn);
    this.functions = { publish, socket, webhooks, prices };
    new CfnOutput(this, 'PushUrl', { value: stage.url });
  }

  /** What is sent to a connection, and the end of one. Which connections there will be nobody knows. */
  private letTell(fn: LambdaFunction): void {
    const resources = ['POST', 'DELETE'].map((method) =>
      this.formatArn({
        service: 'execute-api',
        resource: this.api.apiId,
        resourceName: `${STAGE_NAME}/${method}/@connections/*`,
      }),
    );
    fn.addToRolePolicy(new PolicyStatement({ actions: ['execute-api:ManageConnections'], resources }));
  }

  private makePrices(
    platform: Platform,
    { PUSH_URL, CONNECTIONS_TABLE }: Readonly<Record<'PUSH_URL' | 'CONNECTIONS_TABLE', string>>,
  ): LambdaFunction {
    const { fn } = new ServiceFunction(this, 'Prices', {
      name: 'prices',
      platform,
      memoryMb: 256,
      inVpc: true,
      environment: {
        ...{ PUSH_URL, CONNECTIONS_TABLE, ...cacheEnvironment(platform) },
        PRICES_QUEUE_URL: platform.queues.prices.queue.queueUrl,
      },
      writes: ['connections'],
      sends: ['prices'],
      // One run at a time; whatever else comes finds that and is done.
      worksOn: { queue: 'prices', batchSize: 1, maxConcurrency: 2 },
      more: ONCE,
    });
    new Rule(this, 'PricesEachMinute', {
      description: 'Tells prices on, where a wake-up was lost or a run died',
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaTarget(fn, ONCE)],
    });
    return fn;
  }

  private makePublish(platform: Platform, tell: Readonly<Record<string, string>>): LambdaFunction {
    const { tables } = platform;
    const { WEBHOOKS_TABLE, WEBHOOKS_QUEUE_URL } = webhookEnvironment(platform);
    const { fn } = new ServiceFunction(this, 'Publish', {
      name: 'publish',
      platform,
      memoryMb: 512,
      inVpc: false,
      environment: {
        ...tell,
        ORDERS_TABLE: tables.orders.tableName,
        POSITIONS_TABLE: tables.positions.tableName,
        WEBHOOKS_TABLE: WEBHOOKS_TABLE ?? '',
        WEBHOOKS_QUEUE_URL: WEBHOOKS_QUEUE_URL ?? '',
      },
      reads: ['orders', 'positions'],
      writes: ['events', 'connections', 'webhooks'],
      sends: ['webhooks'],
    });
    for (const table of [tables.orders, tables.positions])
      fn.addEventSource(
        // Its type says of the stream's name that it may be undefined, where the interface's leaves it out.
        new DynamoEventSource(table as ITable, {
          startingPosition: StartingPosition.TRIM_HORIZON,
          batchSize: 100,
          bisectBatchOnError: true,
          reportBatchItemFailures: true,
          retryAttempts: 10,
          maxRecordAge: OLDEST_CHANGE,
          onFailure: new SqsDlq(this.deadLetters),
        }),
      );
    return fn;
  }
}

/** What is watched: the parts of the other stacks that tell metrics of their own. */
import type { HttpApi, WebSocketApi } from 'aws-cdk-lib/aws-apigatewayv2';
import type { FargateService } from 'aws-cdk-lib/aws-ecs';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { FunctionName } from '../../bundle/entries.ts';
import type { Tables } from '../data-stack.ts';
import type { Queues } from '../queues-stack.ts';

export interface Watched {
  readonly queues: Queues;
  readonly dispatchDeadLetters: Queue;
  readonly publishDeadLetters: Queue;
  readonly functions: Readonly<Record<FunctionName, LambdaFunction>>;
  readonly tables: Tables;
  readonly httpApi: HttpApi;
  readonly socketApi: WebSocketApi;
  readonly cache: { readonly clusterId: string; readonly maxBytes: number };
  /** The one that brings prices first. */
  readonly streamers: readonly FargateService[];
}

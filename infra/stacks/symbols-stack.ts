/**
 * The symbols' function (design sections 5, 13): each minute it looks whether the venue's trading rules are to be
 * read again, and keeps them in their table.
 */
import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { METRIC_NAMESPACE } from '../../shared/adapters/metrics/emf.ts';
import { cacheEnvironment, exchangeEnvironment, type Platform, ServiceFunction } from './service-function.ts';

export interface SymbolsStackProps extends StackProps {
  readonly platform: Platform;
}

/** The next minute does what this one did not, so a failed firing is not tried again and is no dead letter. */
const ONCE = { retryAttempts: 0, maxEventAge: Duration.minutes(1) };

export class SymbolsStack extends Stack {
  readonly fn: LambdaFunction;

  constructor(scope: Construct, id: string, { platform, ...props }: SymbolsStackProps) {
    super(scope, id, props);
    this.fn = new ServiceFunction(this, 'Symbols', {
      name: 'symbols',
      platform,
      // All symbols of an exchange are parsed at once.
      memoryMb: 512,
      inVpc: true,
      environment: {
        ...exchangeEnvironment(platform, 'nat'),
        ...cacheEnvironment(platform),
        POWERTOOLS_METRICS_NAMESPACE: METRIC_NAMESPACE,
      },
      writes: ['symbols'],
      more: ONCE,
    }).fn;
    new Rule(this, 'SymbolsEachMinute', {
      description: 'Looks whether the trading rules of the venue are to be read again',
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaTarget(this.fn, ONCE)],
    });
  }
}

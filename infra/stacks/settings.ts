/** What differs between stages (design section 20), decided in one place. */
import { RemovalPolicy } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';

export type Stage = 'sandbox' | 'prod';

/** Where the streamer's prices come from when the context does not say. */
export const DEFAULT_FEED = 'synthetic';

export interface Settings {
  readonly stage: Stage;
  /** The FEED variable of the streamer. */
  readonly feed: string;
  /** The folder that holds the bundles, one folder per function and one for the streamer. */
  readonly distDir: string;
  /** How many shards the sweeps are divided into (the SWEEP_SHARDS variable). */
  readonly sweepShards: number;
  /** What happens to tables, users and logs when their stack is deleted. */
  readonly removalPolicy: RemovalPolicy;
  readonly deletionProtection: boolean;
  readonly pointInTimeRecovery: boolean;
  readonly logRetention: RetentionDays;
  /** A NAT instance costs a fifth of a gateway; a gateway per zone survives the loss of a zone. */
  readonly nat: 'instance' | 'gateway-per-zone';
  readonly containerInsights: boolean;
}

type StageSettings = Omit<Settings, 'stage' | 'feed' | 'distDir' | 'sweepShards'>;

const BY_STAGE: Record<Stage, StageSettings> = {
  sandbox: {
    removalPolicy: RemovalPolicy.DESTROY,
    deletionProtection: false,
    pointInTimeRecovery: false,
    logRetention: RetentionDays.ONE_WEEK,
    nat: 'instance',
    containerInsights: false,
  },
  prod: {
    removalPolicy: RemovalPolicy.RETAIN,
    deletionProtection: true,
    pointInTimeRecovery: true,
    logRetention: RetentionDays.THREE_MONTHS,
    nat: 'gateway-per-zone',
    containerInsights: true,
  },
};

/** @throws Error when the name is no stage. */
export function parseStage(name: unknown): Stage {
  if (name === 'sandbox' || name === 'prod') return name;
  throw new Error(`Unknown stage ${JSON.stringify(name)}: use sandbox or prod`);
}

export function settingsFor(stage: Stage, feed: string, distDir: string): Settings {
  return { stage, feed, distDir, sweepShards: 1, ...BY_STAGE[stage] };
}

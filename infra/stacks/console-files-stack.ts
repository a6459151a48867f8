/**
 * What lies in the console's bucket: the built page, what it is told (config.json), and beside them nothing. The last stack:
 * it knows the addresses of both APIs and of the sign-in.
 *
 * Always true: files with a hash in their name come first and are never taken away by a later deployment, so that a page that
 * is open goes on working; the page and its configuration are never cached.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Stack, type StackProps } from 'aws-cdk-lib';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import {
  BucketDeployment,
  type BucketDeploymentProps,
  CacheControl,
  type ISource,
  Source,
} from 'aws-cdk-lib/aws-s3-deployment';
import type { Construct } from 'constructs';
import { CONFIG_FILE, type ConsoleConfig, INDEX_FILE, withPolicy } from '../console/config.ts';
import { cacheControlOf, connectSource, HASHED_FOLDER } from '../console/headers.ts';
import { makeFunctionRole } from './function-role.ts';
import type { Settings } from './settings.ts';

export interface ConsoleFilesStackProps extends StackProps {
  readonly settings: Settings;
  readonly bucket: IBucket;
  readonly config: ConsoleConfig;
  /** The origins that the page speaks to. */
  readonly connect: readonly string[];
}

/** Of the build, for those who read it; the page has no use for them. */
const NOT_SERVED = ['manifest.json'];

export class ConsoleFilesStack extends Stack {
  constructor(scope: Construct, id: string, props: ConsoleFilesStackProps) {
    const { settings, bucket, config, connect, ...rest } = props;
    super(scope, id, rest);
    const built = join(settings.distDir, 'console');
    const page = readFileSync(join(built, INDEX_FILE), 'utf8');
    const logGroup = new LogGroup(this, 'Logs', {
      retention: settings.logRetention,
      removalPolicy: settings.removalPolicy,
    });
    const role = makeFunctionRole(this, { logGroup, inVpc: false });
    letFill(role, bucket);
    const put = (name: string, more: Omit<BucketDeploymentProps, 'destinationBucket'>): BucketDeployment => {
      const deployment = new BucketDeployment(this, name, {
        destinationBucket: bucket,
        prune: false,
        // The sandbox's bucket goes with its stack, and only an empty one does. The role may not read the bucket's tags: they
        // would hold the files back for another deployment to the same bucket, which there is not.
        retainOnDelete: settings.stage === 'prod',
        logGroup,
        // What it would be given by itself is more than it does.
        role: role.withoutPolicyUpdates(),
        outputObjectKeys: false,
        ...more,
        sources: more.sources.map((source) => readBy(role, source)),
      });
      // Neither before it may, nor after it no longer may.
      deployment.node.addDependency(role);
      return deployment;
    };
    const hashed = put('Hashed', {
      sources: [Source.asset(join(built, HASHED_FOLDER))],
      destinationKeyPrefix: HASHED_FOLDER,
      cacheControl: [CacheControl.fromString(cacheControlOf(`${HASHED_FOLDER}/`))],
    });
    const pages = put('Pages', {
      sources: [
        Source.asset(built, { exclude: [HASHED_FOLDER, INDEX_FILE, CONFIG_FILE, ...NOT_SERVED] }),
        Source.data(INDEX_FILE, withPolicy(page, connectSource(connect))),
        Source.jsonData(CONFIG_FILE, config),
      ],
      cacheControl: [CacheControl.fromString(cacheControlOf(INDEX_FILE))],
    });
    pages.node.addDependency(hashed);
  }
}

/** What `aws s3 sync` and `aws s3 rm --recursive` do to a bucket. */
function letFill(role: Role, bucket: IBucket): void {
  role.addToPolicy(new PolicyStatement({ actions: ['s3:ListBucket'], resources: [bucket.bucketArn] }));
  role.addToPolicy(
    new PolicyStatement({
      actions: ['s3:PutObject', 's3:DeleteObject'],
      resources: [bucket.arnForObjects('*')],
    }),
  );
}

/**
 * A source whose archive the role may read, with the others of its bucket: a right to this one alone would change with each
 * deployment, and IAM takes longer to know it than CloudFormation waits.
 */
const readBy = (role: Role, source: ISource): ISource => ({
  bind: (scope, context) => {
    const config = source.bind(scope, context);
    role.addToPolicy(
      new PolicyStatement({
        actions: ['s3:GetObject'],
        resources: [config.bucket.arnForObjects('*')],
      }),
    );
    return config;
  },
});

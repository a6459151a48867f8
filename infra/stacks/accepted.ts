/**
 * What the AWS Solutions rules (cdk-nag) find and we accept, each with its reason. A test holds this list to what they really
 * find: nothing more, and no row that has become needless.
 */
import { CfnResource, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

export interface Accepted {
  /** The rule, without its prefix `AwsSolutions-`, and for some the finding in brackets. */
  readonly rule: string;
  /** Of the construct's path, from the stack's own name on. */
  readonly at: RegExp;
  readonly why: string;
}

/** Whatever lies in the console's bucket, as the stack that fills it says it. */
const CONSOLE_FILES = (stage: string): string =>
  `IAM5[Resource::Moniqo-${stage}-console:ExportsOutputFnGetAttFiles8E6940B8ArnD8EE6C03/*]`;

/** What the CDK has uploaded before a deployment. */
const ASSETS =
  'IAM5[Resource::arn:<AWS::Partition>:s3:::cdk-hnb659fds-assets-<AWS::AccountId>-<AWS::Region>/*]';

const CONNECTIONS = (method: string): string =>
  `IAM5[Resource::arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<ApiF70053CD>/push/${method}/@connections/*]`;

export const ACCEPTED: readonly Accepted[] = [
  {
    rule: 'EC28',
    at: /^network\/.*NatInstance/,
    why: 'Sandbox only. That it forwards shows in the errors and queue ages of the functions behind it, which are alarmed.',
  },
  {
    rule: 'EC29',
    at: /^network\/.*NatInstance/,
    why: 'It holds nothing: its address is kept in a stack of its own, and the stack makes another instance.',
  },
  {
    rule: 'DDB3',
    at: /^data\//,
    why: 'Sandbox only: play money, deleted with its stack. In prod every table has it.',
  },
  {
    rule: 'ECS4',
    at: /^streamer\/Cluster/,
    why: 'Sandbox only, for its cost. The streamer tells its own metrics; in prod it is on.',
  },
  {
    rule: 'ECS2',
    at: /^streamer\/(UserData)?Task/,
    why: 'Names, addresses and settings. The only secret (the key of Polygon) comes from Parameter Store, encrypted.',
  },
  {
    rule: 'IAM5[Resource::*]',
    at: /^streamer\/(UserData)?Task\/ExecutionRole/,
    why: 'ecr:GetAuthorizationToken, which AWS gives for all registries only.',
  },
  {
    rule: 'IAM5[Resource::*]',
    at: /^(orders|triggers|symbols|reconcile|api|push)\/\w+\/Role\/DefaultPolicy/,
    why: 'Interfaces in the VPC (made by Lambda, and denied to the code) and dynamodb:ListStreams: AWS has no narrower resource.',
  },
  {
    rule: 'SQS3',
    at: /^(triggers\/Dispatch|push\/Publish)DeadLetters/,
    why: 'They are dead-letter queues, of a rule, an asynchronous call and table streams, which the rule does not look at.',
  },
  {
    rule: 'APIG4',
    at: /^api\/HttpApi\/GET--(api--v1--health--services|api--v1--openapi.json|docs)/,
    why: 'Open on purpose: the health of the service and the documentation of the API, which tell nothing of any user.',
  },
  {
    rule: 'APIG4',
    at: /^push\/Api\/\$(connect|disconnect|default)-Route/,
    why: 'WebSocket APIs have no JWT authorizer: the function checks the token when a connection opens, and nothing else opens one.',
  },
  {
    rule: 'APIG1',
    at: /^push\/Stage/,
    why: 'Needs a role in the settings of API Gateway for the whole account and region, which are not of one application.',
  },
  {
    rule: 'COG2',
    at: /^api\/UserPool/,
    why: 'A second factor (an authenticator app) is offered; whether it is demanded is for those to say whose users they are.',
  },
  {
    rule: 'COG8',
    at: /^api\/UserPool/,
    why: 'The Plus plan is paid for by the user. Sign-up is closed, passwords are long, and tokens last for an hour at most.',
  },
  {
    rule: 'S1',
    at: /^console\/Files/,
    why: 'It holds the page that everybody may see, and CloudFront alone reads it. What is done by the page is logged by the API.',
  },
  {
    rule: 'CFR1',
    at: /^console\/Distribution/,
    why: 'From where people use it is for the operator to say; the API, which does the work, answers everywhere as well.',
  },
  {
    rule: 'CFR2',
    at: /^console\/Distribution/,
    why: 'Files of a private bucket, read-only: there is nothing behind it that a firewall would keep requests from.',
  },
  {
    rule: 'CFR3',
    at: /^console\/Distribution/,
    why: 'Who opened a page that everybody may see tells nothing; what they then do is in the access log of the API.',
  },
  {
    rule: 'CFR4',
    at: /^console\/Distribution/,
    why: 'With the certificate of CloudFront its own TLS settings come, and no others; -c console-domain brings TLS 1.2 or newer.',
  },
  {
    rule: 'L1',
    at: /^console-files\/Custom::CDKBucketDeployment/,
    why: "The CDK's own helper, which runs while the console is deployed; its runtime is the one the CDK was tested with.",
  },
  {
    rule: ASSETS,
    at: /^console-files\/Role\/DefaultPolicy/,
    why: 'Reading the archive of the console: a right to that one would change with each deployment, and be known too late.',
  },
  ...['sandbox', 'prod'].map((stage) => ({
    rule: CONSOLE_FILES(stage),
    at: /^console-files\/Role\/DefaultPolicy/,
    why: 'Whatever lies in the bucket of the console: it is filled by this role, and in the sandbox emptied.',
  })),
  ...['POST', 'DELETE'].map((method) => ({
    rule: CONNECTIONS(method),
    at: /^push\/(Publish|Socket|Prices)\/Role\/DefaultPolicy/,
    why: 'Connections of users, whose ids API Gateway makes: no policy can name them before.',
  })),
];

/** `network/Vpc/...` for `Moniqo-sandbox-network/Vpc/...`. */
export const pathInStack = (path: string): string => path.replace(/^Moniqo-[a-z]+-/, '');

/** Tells cdk-nag what is accepted, where it is used (`-c nag=on`, tests). */
export function acknowledgeAccepted(root: IConstruct): void {
  for (const node of root.node.findAll()) {
    if (!CfnResource.isCfnResource(node)) continue;
    for (const { rule, at, why } of ACCEPTED) {
      if (at.test(pathInStack(node.node.path)))
        Validations.of(node).acknowledge({ id: `AwsSolutions-${rule}`, reason: why });
    }
  }
}

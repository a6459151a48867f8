/** Least privilege over all templates: every allowance names its actions and its things, but for those listed here. */
import { describe, expect, it } from 'vitest';
import { FUNCTION_ENTRIES } from '../../../infra/bundle/entries.ts';
import { QUEUE_NAMES } from '../../../infra/queues.ts';
import { type Synthesised, synthesise } from './synthesised.ts';

interface Statement {
  readonly Effect: string;
  readonly Action?: string | readonly string[];
  readonly Resource?: unknown;
  readonly Principal?: unknown;
  readonly Condition?: unknown;
}

interface Allowance {
  /** `api/ApiRoleDefaultPolicy`: stack and id, without hash. */
  readonly holder: string;
  readonly action: string;
  /** The template's text; `*` where it is all there is. */
  readonly resource: string;
  readonly statement: Statement;
}

/** Where a star stands in what is allowed, and why nothing narrower can stand there. */
const STARS: readonly { holder: RegExp; action: RegExp; resource: RegExp; why: string }[] = [
  {
    holder: /^(orders|triggers|symbols|reconcile|api|push)\/\w+RoleDefaultPolicy$/,
    action: /^ec2:\w+(NetworkInterfaces?|PrivateIpAddresses|Subnets)$/,
    resource: /^\*$/,
    why: 'Lambda makes its interfaces in the VPC by these and asks for all resources; the code itself is denied them',
  },
  {
    holder: /^push\/PublishRoleDefaultPolicy$/,
    action: /^dynamodb:ListStreams$/,
    resource: /^\*$/,
    why: 'AWS knows no resource for it',
  },
  {
    holder: /^push\/(Publish|Socket|Prices)RoleDefaultPolicy$/,
    action: /^execute-api:ManageConnections$/,
    resource: /\/push\/(POST|DELETE)\/@connections\/\*/,
    why: 'ids of connections are made by API Gateway',
  },
  {
    holder: /^streamer\/(UserData)?TaskExecutionRoleDefaultPolicy$/,
    action: /^ecr:GetAuthorizationToken$/,
    resource: /^\*$/,
    why: 'AWS knows no resource for it',
  },
  {
    holder: /^console\/FilesPolicy$/,
    action: /^s3:GetObject$/,
    resource: /^Files\w+Arn\/\*$/,
    why: "the console's distribution reads every file of its own bucket, and no other distribution does",
  },
  {
    holder: /^console-files\/RoleDefaultPolicy$/,
    action: /^s3:(Put|Delete)Object$/,
    resource: /^Moniqo-\w+-console:ExportsOutputFnGetAttFiles\w+\/\*$/,
    why: 'what lies in the bucket of the console is put there, and in the sandbox taken away, by this role alone',
  },
  {
    holder: /^console-files\/RoleDefaultPolicy$/,
    action: /^s3:GetObject$/,
    resource: /cdk-\w+-assets-.*\/\*$/,
    why: "the archive of the console among the CDK's uploads; the right to one alone would be known too late",
  },
  {
    holder: /^data\/WalletKey$/,
    action: /^kms:\w+$/,
    resource: /^\*$/,
    why: 'the policy of a key names that key by a star',
  },
];

/** The pieces of text in a value of a template: what is put together of references has no star of its own. */
const texts = (value: unknown): readonly string[] => {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(texts);
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(texts) : [];
};

const isDocument = (value: unknown): value is { Statement: readonly Statement[] } =>
  typeof value === 'object' && value !== null && Array.isArray((value as { Statement?: unknown }).Statement);

/** Policy documents wherever they stand in a resource's properties. */
const documents = (value: unknown): readonly { Statement: readonly Statement[] }[] => {
  if (isDocument(value)) return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(documents) : [];
};

function allowances(from: Synthesised): readonly Allowance[] {
  return [...from.stacks].flatMap(([stack, template]) => {
    const resources = (template.toJSON() as { Resources: Record<string, { Properties?: unknown }> })
      .Resources;
    return Object.entries(resources).flatMap(([id, { Properties }]) => {
      const holder = `${stack.replace(/^Moniqo-\w+-/, '')}/${id.replace(/[0-9A-F]{8}$/, '')}`;
      return documents(Properties)
        .flatMap(({ Statement }) => Statement)
        .filter(({ Effect }) => Effect === 'Allow')
        .flatMap((statement) =>
          [statement.Action ?? []].flat().flatMap((action) =>
            [statement.Resource ?? []].flat().map((resource) => ({
              holder,
              action,
              resource: texts(resource).join(''),
              statement,
            })),
          ),
        );
    });
  });
}

describe.each(['sandbox', 'prod'] as const)('what is allowed in %s', (stage) => {
  const system = synthesise(stage);
  const all = allowances(system);

  it('names every action', () => {
    expect(all.length).toBeGreaterThan(200);
    expect(all.filter(({ action }) => action.includes('*'))).toEqual([]);
  });

  it('names every thing, but where AWS has no name for it', () => {
    const stars = all.filter(({ resource }) => resource.includes('*'));
    const unexplained = stars.filter(
      ({ holder, action, resource }) =>
        !STARS.some(
          (star) => star.holder.test(holder) && star.action.test(action) && star.resource.test(resource),
        ),
    );
    expect(unexplained.map(({ holder, action, resource }) => `${holder}: ${action} on ${resource}`)).toEqual(
      [],
    );
    // No explanation without a star.
    for (const { holder, action } of STARS)
      expect(stars.some((star) => holder.test(star.holder) && action.test(star.action))).toBe(true);
  });

  it('is nothing to whom a policy of AWS gives more, nor to the public', () => {
    for (const { properties } of system.ofType('AWS::IAM::Role'))
      expect(properties['ManagedPolicyArns']).toBeUndefined();
    for (const { statement } of all) {
      if (texts(statement.Principal).includes('*')) expect(statement.Condition).toBeDefined();
    }
  });

  it('holds no function to a log group, a table or a queue that it does not use', () => {
    const roles = system
      .ofType('AWS::IAM::Policy')
      .filter(({ stack }) => /-(orders|triggers|symbols|reconcile|api|push)$/.test(stack));
    expect(roles).toHaveLength(Object.keys(FUNCTION_ENTRIES).length);
    const of = (name: string) => all.filter(({ holder }) => holder.endsWith(`/${name}RoleDefaultPolicy`));
    expect(of('Docs').map(({ action }) => action)).toEqual(['logs:CreateLogStream', 'logs:PutLogEvents']);
    expect(of('Dispatch').filter(({ action }) => action.startsWith('dynamodb:'))).toEqual([]);
    for (const { holder, action } of all) {
      // What no adapter of ours sends.
      expect([holder, action]).not.toEqual([
        holder,
        expect.stringMatching(/^dynamodb:(PartiQL|DescribeTable)/),
      ]);
    }
  });

  it('lets one function count the dead letters of work queues, and nobody take them', () => {
    const ofDeadLetters = all.filter(({ resource }) => /-queues:\w+DeadLetters/.test(resource));
    const counting = ofDeadLetters.filter(({ action }) => action === 'sqs:GetQueueAttributes');
    expect(new Set(counting.map(({ holder }) => holder))).toEqual(
      new Set(['reconcile/ReconcileRoleDefaultPolicy']),
    );
    expect(new Set(counting.map(({ resource }) => resource)).size).toBe(QUEUE_NAMES.length);
    expect(new Set(ofDeadLetters.map(({ action }) => action))).toEqual(
      new Set(['sqs:GetQueueAttributes', 'sqs:SendMessage']),
    );
  });

  it('lets whoever asks which symbols have something live read that index as a whole, and nobody anything else so', () => {
    const scans = all.filter(({ action }) => action === 'dynamodb:Scan');
    // Who brings prices follows them; who measures and audits looks at each.
    expect([...new Set(scans.map(({ holder }) => holder))].sort()).toEqual([
      'reconcile/ReconcileRoleDefaultPolicy',
      'streamer/TaskTaskRoleDefaultPolicy',
    ]);
    expect(scans).toHaveLength(4);
    for (const { resource } of scans) expect(resource).toMatch(/(Orders|Positions).*\/index\/live/);
    expect(scans.filter(({ resource }) => resource.includes('*'))).toEqual([]);
  });

  it('lets into the cache, by a user of its own, those who are told its address, and no other', () => {
    const [user] = system.ofType('AWS::ElastiCache::User');
    expect(user?.properties).toEqual(
      expect.objectContaining({
        Engine: 'valkey',
        UserId: `moniqo-${stage}`,
        UserName: `moniqo-${stage}`,
        AuthenticationMode: { Type: 'iam' },
        AccessString: 'on ~* +@all -@dangerous',
      }),
    );
    const group = system.one('AWS::ElastiCache::UserGroup', 'Users');
    expect(group.properties['UserIds']).toEqual([{ Ref: user?.id }]);
    const cache = system.one('AWS::ElastiCache::ServerlessCache', 'Cache');
    expect(cache.properties['UserGroupId']).toEqual({ Ref: group.id });
    const may = all.filter(({ action }) => action === 'elasticache:Connect');
    for (const { resource } of may) expect(resource).toMatch(/GetAtt(Cache|User)\w*A(RN|rn)/);
    const told = [
      ...system.ofType('AWS::Lambda::Function').map(({ id, stack, properties }) => ({
        holder: `${stack.replace(/^Moniqo-\w+-/, '')}/${id.replace(/Function.*/, '')}RoleDefaultPolicy`,
        told: JSON.stringify(properties['Environment']).includes('"VALKEY_URL"'),
      })),
      ...system.ofType('AWS::ECS::TaskDefinition').map(({ id }) => ({
        holder: `streamer/${id.replace(/Task.*/, 'Task')}TaskRoleDefaultPolicy`,
        told: true,
      })),
    ];
    expect([...new Set(may.map(({ holder }) => holder))].sort()).toEqual(
      told.flatMap((one) => (one.told ? [one.holder] : [])).sort(),
    );
  });

  it('denies to the code of a function what Lambda needs for it in the VPC', () => {
    const inVpc = system
      .ofType('AWS::Lambda::Function')
      .filter(({ properties }) => properties['VpcConfig'] !== undefined);
    expect(inVpc.length).toBeGreaterThan(5);
    for (const { id } of inVpc) {
      const policy = system.one('AWS::IAM::Policy', `${id.replace(/Function.*/, '')}Role`);
      const statements = documents(policy.properties).flatMap(({ Statement }) => Statement);
      const [allowed] = statements.filter(
        ({ Effect, Action }) => Effect === 'Allow' && String(Action).includes('ec2:'),
      );
      const denied = statements.filter(({ Effect }) => Effect === 'Deny');
      expect(denied).toEqual([
        {
          Effect: 'Deny',
          Action: allowed?.Action,
          Resource: '*',
          Condition: { Null: { 'lambda:SourceFunctionArn': 'false' } },
        },
      ]);
    }
  });
});

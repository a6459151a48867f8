/** What the templates promise about stacks, API and streamer (design sections 17, 20). */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROUTES, type Route } from '../../../functions/api/routes.ts';
import { DOCS_ROUTES } from '../../../functions/docs/routes.ts';
import { buildApp } from '../../../infra/stacks/build-app.ts';
import { CONTEXT_NAMES, checkContextNames } from '../../../infra/stacks/context-names.ts';
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

describe('the stacks', () => {
  it('are one per lifetime', () => {
    expect([...sandbox.stacks.keys()]).toEqual(
      [
        'address',
        'network',
        'data',
        'queues',
        'cache',
        'streamer',
        'orders',
        'triggers',
        'symbols',
        'reconcile',
        'console',
        'api',
        'push',
        'console-files',
        'monitoring',
      ].map((name) => `Moniqo-sandbox-${name}`),
    );
  });

  it('refer to each other by exports only, which any reader of the templates can resolve', () => {
    for (const template of [...sandbox.stacks.values(), ...prod.stacks.values()]) {
      expect(JSON.stringify(template.toJSON())).not.toContain('Fn::GetStackOutput');
    }
  });

  it('name no account and no region, so they synthesise without credentials', () => {
    for (const template of sandbox.stacks.values()) {
      expect(JSON.stringify(template.toJSON())).not.toMatch(/arn:aws:[a-z0-9]*:[a-z]{2}-[a-z]+-\d:\d{12}/);
    }
  });

  it('refuse a stage that does not exist', () => {
    expect(() => buildApp({ context: { stage: 'production' } })).toThrow('Unknown stage "production"');
  });

  it('refuses a setting under a name that nobody reads, and says which there are', () => {
    const mistyped = { 'sweep-shard': '4', Zones: 'eu-west-1a,eu-west-1b' };
    expect(() => buildApp({ context: mistyped })).toThrow(
      'no setting of this app: "sweep-shard", "Zones"; known are stage, feed,',
    );
    const ofTheCdk = ['@aws-cdk/core:stackRelativeExports', 'aws:cdk:bundling-stacks', 'cli-telemetry'];
    const lookedUp = 'availability-zones:account=1:region=eu-west-1';
    expect(() => checkContextNames([...CONTEXT_NAMES, ...ofTheCdk, lookedUp])).not.toThrow();
  });
});

describe('the API', () => {
  const routes = () =>
    sandbox.ofType('AWS::ApiGatewayV2::Route').filter(({ stack }) => stack.endsWith('-api'));

  it('has exactly the routes that its functions answer, and so has the document', () => {
    expect(routes().map(({ properties }) => properties['RouteKey'])).toEqual(
      [...ROUTES, ...DOCS_ROUTES].map(({ method, path }) => `${method} ${path}`),
    );
    const { paths } = JSON.parse(readFileSync('docs/openapi.json', 'utf8')) as {
      paths: Record<string, object>;
    };
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(described.sort()).toEqual(
      routes()
        .map(({ properties }) => String(properties['RouteKey']))
        .sort(),
    );
  });

  it('asks for a token on every route that is not open', () => {
    const open = routes().filter(({ properties }) => properties['AuthorizationType'] !== 'JWT');
    expect(open.map(({ properties }) => [properties['RouteKey'], properties['AuthorizationType']])).toEqual([
      ['GET /api/v1/health/services', 'NONE'],
      ['GET /api/v1/openapi.json', 'NONE'],
      ['GET /docs', 'NONE'],
    ]);
  });

  it('logs each access', () => {
    const [stage] = sandbox.ofType('AWS::ApiGatewayV2::Stage');
    expect(stage?.properties).toMatchObject({ StageName: '$default', AutoDeploy: true });
    expect(JSON.stringify(stage?.properties['AccessLogSettings'])).toContain('$context.requestId');
    const { properties } = sandbox.one('AWS::Logs::LogGroup', 'AccessLogs');
    // Any other name makes the account's policy for such logs longer, which may not be long.
    expect(JSON.stringify(properties['LogGroupName'])).toContain('/aws/vendedlogs/moniqo-sandbox-api-');
  });

  it('asks at the gateway for the scopes that the function asks for', () => {
    const ofApi = routes().filter(
      ({ properties }) =>
        !DOCS_ROUTES.some(({ method, path }) => properties['RouteKey'] === `${method} ${path}`),
    );
    const declared = ofApi.map(({ properties }) => [
      properties['RouteKey'],
      properties['AuthorizationScopes'],
    ]);
    expect(declared).toEqual(
      (ROUTES as readonly Route[]).map(({ method, path, scopes }) => [
        `${method} ${path}`,
        scopes?.map((scope) => `moniqo/${scope}`),
      ]),
    );
  });

  it('gives the admin scope only where it is asked for on purpose, and not for long', () => {
    const clients = sandbox.ofType('AWS::Cognito::UserPoolClient').map(({ properties }) => ({
      admin: JSON.stringify(properties['AllowedOAuthScopes']).includes('/admin'),
      minutes: properties['AccessTokenValidity'],
      secret: properties['GenerateSecret'],
    }));
    expect(clients).toEqual([
      { admin: false, minutes: 60, secret: undefined },
      { admin: true, minutes: 15, secret: undefined },
      // The console's: everything is done there.
      { admin: true, minutes: 15, secret: false },
    ]);
  });
});

describe('what a deployment says of its API', () => {
  const apps: Synthesised[] = [];
  const built = (context: Record<string, string>): Synthesised => {
    const app = synthesise('sandbox', context);
    apps.push(app);
    return app;
  };
  afterAll(() => {
    for (const app of apps) app.remove();
  });

  it('lets no page of another origin in, unless it is named', () => {
    const [api] = built({ console: 'off' }).ofType('AWS::ApiGatewayV2::Api');
    expect(api?.properties['CorsConfiguration']).toBeUndefined();
    const named = built({ console: 'off', 'cors-origins': 'https://console.example, http://localhost:5173' });
    const [open] = named.ofType('AWS::ApiGatewayV2::Api');
    expect(open?.properties['CorsConfiguration']).toMatchObject({
      AllowOrigins: ['https://console.example', 'http://localhost:5173'],
      AllowMethods: expect.arrayContaining(['GET', 'POST', 'PATCH', 'PUT', 'DELETE']),
    });
    expect(JSON.stringify(open?.properties['CorsConfiguration'])).not.toContain('AllowCredentials');
    for (const wrong of ['*', 'console.example', 'https://console.example/path']) {
      expect(() => buildApp({ context: { 'cors-origins': wrong } })).toThrow('cors-origins');
    }
  });

  it('takes tokens of the machine clients that are named, and keeps no secret of theirs', () => {
    const named = built({
      'machine-clients': 'bot1,bot2',
      'audit-days': '30',
      'requests-per-minute': '60/6/6',
    });
    const { properties } = named.one('AWS::ApiGatewayV2::Authorizer', '');
    const { Audience } = properties['JwtConfiguration'] as { Audience: unknown[] };
    expect(Audience).toHaveLength(5);
    expect(Audience.slice(3)).toEqual(['bot1', 'bot2']);
    expect(named.ofType('AWS::Cognito::UserPoolClient')).toHaveLength(3);
    const { Variables } = named.one('AWS::Lambda::Function', 'Api').properties['Environment'] as {
      Variables: object;
    };
    expect(Variables).toMatchObject({ AUDIT_DAYS: '30', REQUESTS_PER_MINUTE: '60/6/6' });
    const many = Array.from({ length: 48 }, (_, n) => `bot${n}`).join(',');
    for (const wrong of ['a b', many])
      expect(() => buildApp({ context: { 'machine-clients': wrong } })).toThrow('machine-clients');
  });
});

describe('the WebSocket API', () => {
  it('has one function for its three routes, which checks the token by itself', () => {
    const inPush = (type: string) => sandbox.ofType(type).filter(({ stack }) => stack.endsWith('-push'));
    expect(inPush('AWS::ApiGatewayV2::Route').map(({ properties }) => properties['RouteKey'])).toEqual([
      ...['$connect', '$disconnect', '$default'],
    ]);
    const [stage] = inPush('AWS::ApiGatewayV2::Stage');
    expect(stage?.properties).toMatchObject({
      StageName: 'push',
      AutoDeploy: true,
      DefaultRouteSettings: { ThrottlingRateLimit: 500, ThrottlingBurstLimit: 1_000 },
    });
    const socket = sandbox.one('AWS::Lambda::Function', 'SocketFunction').properties;
    const { Variables } = socket['Environment'] as { Variables: Record<string, unknown> };
    expect(JSON.stringify(Variables['TOKEN_ISSUER'])).toContain('UserPool');
    expect(JSON.stringify(Variables['TOKEN_CLIENTS'])).toContain('Client');
    expect(JSON.stringify(Variables['PUSH_URL'])).toContain('/push');
  });
});

describe('the function of the API', () => {
  it("knows whose tokens show that a machine client is its user's", () => {
    const { Environment } = sandbox.one('AWS::Lambda::Function', 'ApiFunction').properties;
    const { Variables } = Environment as { Variables: Record<string, unknown> };
    expect(JSON.stringify(Variables['TOKEN_ISSUER'])).toContain('UserPool');
  });
});

describe('what tells prices', () => {
  it('is woken by its queue and each minute, reads the cache, and may write nothing but connections', () => {
    const fn = sandbox.one('AWS::Lambda::Function', 'PricesFunction');
    const { Variables } = fn.properties['Environment'] as { Variables: Record<string, unknown> };
    expect(
      Object.keys(Variables)
        .filter((name) => /TABLE|QUEUE|URL/.test(name))
        .sort(),
    ).toEqual([
      ...['CONNECTIONS_TABLE', 'DEAD_LETTER_QUEUE_URL', 'PRICES_QUEUE_URL', 'PUSH_URL', 'VALKEY_URL'],
    ]);
    const rules = sandbox
      .ofType('AWS::Events::Rule')
      .filter(({ properties }) => mentions(properties['Targets'], fn.id));
    expect(rules.map(({ properties }) => properties['ScheduleExpression'])).toEqual(['rate(1 minute)']);
    const statements = sandbox
      .ofType('AWS::IAM::Policy')
      .filter(({ id }) => id.startsWith('PricesRole'))
      .map(({ properties }) => JSON.stringify(properties['PolicyDocument']))
      .join();
    expect(statements).toContain('execute-api:ManageConnections');
    for (const table of ['Orders', 'Positions', 'Wallets']) expect(statements).not.toContain(`${table}`);
  });
});

describe('the streamer', () => {
  it('is one ARM task that is replaced without a gap and rolled back when it does not come up', () => {
    const [service] = sandbox.ofType('AWS::ECS::Service');
    expect(service?.properties).toMatchObject({
      DesiredCount: 1,
      LaunchType: 'FARGATE',
      DeploymentConfiguration: {
        MinimumHealthyPercent: 100,
        MaximumPercent: 200,
        DeploymentCircuitBreaker: { Enable: true, Rollback: true },
      },
    });
    const [task] = sandbox.ofType('AWS::ECS::TaskDefinition');
    expect(task?.properties['RuntimePlatform']).toMatchObject({ CpuArchitecture: 'ARM64' });
  });

  it('never stops for its log and follows the prices of the exchange that it serves', () => {
    expect(container(sandbox)).toMatchObject({
      Name: 'streamer',
      StopTimeout: 30,
      LogConfiguration: { Options: { mode: 'non-blocking' } },
    });
    expect(container(sandbox).Environment).toContainEqual({ Name: 'FEED', Value: 'binance' });
    expect(() => synthesise('prod', { feed: 'synthetic' })).toThrow(
      'feed synthetic does not go with binance',
    );
    const other = synthesise('sandbox', { binance: 'none' });
    try {
      expect(container(other).Environment).toContainEqual({ Name: 'FEED', Value: 'synthetic' });
    } finally {
      other.remove();
    }
  });

  it('knows how much memory it has: objects, old and young, leave the rest of the task its part', () => {
    const [task] = sandbox.ofType('AWS::ECS::TaskDefinition');
    const { Command: command } = container(sandbox) as unknown as { Command: readonly string[] };
    const mib = (flag: string): number => Number(new RegExp(`--${flag}=(\\d+)`).exec(command.join(' '))?.[1]);
    const heap = mib('max-old-space-size') + 3 * mib('max-semi-space-size');
    expect(mib('initial-old-space-size')).toBeLessThan(mib('max-old-space-size') / 2);
    // Its script is the image's own, and Node knows all of the flags before it.
    const [node, ...args] = command;
    const dockerFile = readFileSync('functions/streamer/Dockerfile', 'utf8');
    const own = JSON.parse(/^CMD (.*)$/m.exec(dockerFile)?.[1] ?? '[]') as readonly string[];
    expect([node, ...args.slice(-2)]).toEqual(own);
    expect(
      execFileSync(process.execPath, [...args.slice(0, -1), '-e', 'console.log("runs")']).toString(),
    ).toBe('runs\n');
    expect(heap).toBeGreaterThan(300);
    expect(Number(task?.properties['Memory']) - heap).toBeGreaterThanOrEqual(100);
  });

  it('has the key of Polygon as a secret that somebody put there, only where Polygon is the feed', () => {
    expect(container(sandbox)).not.toHaveProperty('Secrets');
    const other = synthesise('sandbox', { binance: 'none', feed: 'polygon' });
    try {
      const { Secrets, Environment } = container(other) as unknown as {
        Secrets: { Name: string; ValueFrom: unknown }[];
        Environment: { Name: string }[];
      };
      expect(Secrets.map(({ Name }) => Name)).toEqual(['POLYGON_API_KEY']);
      expect(JSON.stringify(Secrets)).toContain(':parameter/moniqo/sandbox/polygon-api-key');
      expect(Environment.map(({ Name }) => Name)).not.toContain('POLYGON_API_KEY');
      const reads = other
        .ofType('AWS::IAM::Policy')
        .filter(({ properties }) => JSON.stringify(properties).includes('polygon-api-key'));
      expect(reads.map(({ id }) => id.slice(0, 17))).toEqual(['TaskExecutionRole']);
    } finally {
      other.remove();
    }
    expect(() => synthesise('prod', { feed: 'polygon' })).toThrow('feed polygon does not go with binance');
  });

  it('has that key beside the prices of the exchange where it is asked to fill history, and not by itself', () => {
    const filled = synthesise('sandbox', { history: 'polygon', 'polygon-requests-per-minute': '300' });
    try {
      const { Secrets, Environment } = container(filled) as unknown as {
        Secrets: { Name: string; ValueFrom: unknown }[];
        Environment: { Name: string; Value: unknown }[];
      };
      expect(Secrets.map(({ Name }) => Name)).toEqual(['POLYGON_API_KEY']);
      expect(JSON.stringify(Secrets)).toContain(':parameter/moniqo/sandbox/polygon-api-key');
      expect(Environment).toContainEqual({ Name: 'FEED', Value: 'binance' });
      expect(Environment).toContainEqual({ Name: 'POLYGON_REQUESTS_PER_MINUTE', Value: '300' });
    } finally {
      filled.remove();
    }
    expect(() => synthesise('sandbox', { history: 'binance' })).toThrow('Unknown history "binance"');
    const madeUp = { binance: 'none', feed: 'synthetic', history: 'polygon' };
    expect(() => synthesise('sandbox', madeUp)).toThrow('history polygon does not go with feed synthetic');
  });

  it('hears of a second source beside the exchange it serves, and of all that its sources are told', () => {
    const both = synthesise('sandbox', {
      ...{ feed: 'binance+polygon', symbols: 'BTC/USDT,AAPL', policies: 'BTC/USDT=binance' },
      ...{ 'polygon-ws-url': 'wss://socket.polygon.io', 'polygon-rest-url': 'https://api.polygon.io' },
      'polygon-requests-per-minute': '300',
    });
    try {
      const { Secrets, Environment } = container(both) as unknown as {
        Secrets: { Name: string }[];
        Environment: { Name: string; Value: unknown }[];
      };
      expect(Secrets.map(({ Name }) => Name)).toEqual(['POLYGON_API_KEY']);
      for (const [Name, Value] of Object.entries({
        FEED: 'binance+polygon',
        FEED_SYMBOLS: 'BTC/USDT,AAPL',
        FEED_POLICIES: 'BTC/USDT=binance',
        POLYGON_WS_URL: 'wss://socket.polygon.io',
        POLYGON_REST_URL: 'https://api.polygon.io',
        POLYGON_REQUESTS_PER_MINUTE: '300',
      })) {
        expect(Environment).toContainEqual({ Name, Value });
      }
    } finally {
      both.remove();
    }
    expect(() => synthesise('sandbox', { feed: 'polygon+binance' })).toThrow('does not go with binance');
  });

  it('lets nobody in', () => {
    const [service] = sandbox.ofType('AWS::ECS::Service');
    const app = sandbox.one('AWS::EC2::SecurityGroup', 'App');
    expect(mentions(service?.properties['NetworkConfiguration'], app.id)).toBe(true);
    expect(app.properties['SecurityGroupIngress']).toBeUndefined();
    for (const { properties } of sandbox.ofType('AWS::EC2::SecurityGroupIngress')) {
      expect(mentions(properties['GroupId'], app.id)).toBe(false);
    }
  });
});

function container(from: Synthesised): { Environment: unknown[] } & Record<string, unknown> {
  const task = from.one('AWS::ECS::TaskDefinition', 'Task');
  const [only] = task.properties['ContainerDefinitions'] as [{ Environment: unknown[] }];
  return only;
}

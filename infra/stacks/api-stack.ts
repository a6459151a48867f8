/** The HTTP API (design section 17): one route per line of functions/api/routes.ts, all answered by one function. */
import { Aws, CfnOutput, Duration, Fn, Stack, type StackProps } from 'aws-cdk-lib';
import { AccessLogField, AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  CorsHttpMethod,
  type CorsPreflightOptions,
  HttpApi,
  HttpMethod,
  HttpNoneAuthorizer,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpUserPoolAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import {
  AccountRecovery,
  type IUserPoolClient,
  Mfa,
  OAuthScope,
  ResourceServerScope,
  UserPool,
  UserPoolClient,
} from 'aws-cdk-lib/aws-cognito';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { ROUTES, type Route } from '../../functions/api/routes.ts';
import { fullScope, SCOPE_PREFIX, SCOPES, type Scope } from '../../shared/http/scopes.ts';
import { addConsoleClient } from './console-client.ts';
import { CORS_EXPOSED, CORS_HEADERS, CORS_MAX_AGE_SECONDS, CORS_METHODS } from './cors.ts';
import { addDocs } from './docs-routes.ts';
import {
  type Platform,
  ServiceFunction,
  useCaseEnvironment,
  webhookEnvironment,
} from './service-function.ts';
import type { Settings } from './settings.ts';

export interface ApiStackProps extends StackProps {
  readonly platform: Platform;
  /** `https://...` where a console is deployed. */
  readonly consoleOrigin?: string | undefined;
}

/** Per-user limits are the function's own (in Valkey); this bounds everybody together. */
const THROTTLE = { rateLimit: 200, burstLimit: 400 };

const DESCRIPTIONS: Record<Scope, string> = {
  read: 'See orders, positions, wallets',
  trade: 'Open and close',
  'close-only': 'Close and cancel',
  admin: 'Wallets, keys, limits, resuming',
};

const resourceScope = (scopeName: Scope): ResourceServerScope =>
  new ResourceServerScope({ scopeName, scopeDescription: DESCRIPTIONS[scopeName] });

export interface Users {
  readonly pool: UserPool;
  readonly clients: readonly IUserPoolClient[];
}

/** Where a program on the user's own machine receives its code (RFC 8252). */
const LOOPBACK_CALLBACK = 'http://localhost:8787/';

/** Of the page where people sign in. The number of the account makes it one of its kind. */
const domainPrefix = ({ stage }: Settings): string => `moniqo-${stage}-${Aws.ACCOUNT_ID}`;

/** Its address, known before the pool is. */
export const signInDomain = (settings: Settings): string =>
  `https://${domainPrefix(settings)}.auth.${Aws.REGION}.amazoncognito.com`;

export class ApiStack extends Stack {
  readonly api: HttpApi;
  readonly fn: LambdaFunction;
  /** Whose tokens are taken. */
  readonly users: Users;
  /** By which people sign in to the console; undefined where there is none. */
  readonly consoleClient: UserPoolClient | undefined;
  readonly docs: LambdaFunction;

  constructor(scope: Construct, id: string, { platform, consoleOrigin, ...props }: ApiStackProps) {
    super(scope, id, props);
    const { settings } = platform;
    this.fn = new ServiceFunction(this, 'Api', {
      name: 'api',
      platform,
      memoryMb: 512,
      inVpc: true,
      environment: {
        ...useCaseEnvironment(platform),
        ...webhookEnvironment(platform),
        AUDIT_DAYS: String(settings.auditDays),
        ...(settings.requestsPerMinute !== '' && { REQUESTS_PER_MINUTE: settings.requestsPerMinute }),
      },
      writes: ['orders', 'positions', 'wallets', 'demoVenue', 'clients', 'webhooks'],
      appends: ['audit'],
      reads: ['priceTape', 'symbols'],
      sends: ['submit', 'exits', 'executions', 'triggers', 'reconcile', 'webhooks'],
      keys: 'seal',
    }).fn;
    const origins = [...(consoleOrigin === undefined ? [] : [consoleOrigin]), ...settings.corsOrigins];
    this.api = new HttpApi(this, 'HttpApi', {
      apiName: `moniqo-${settings.stage}`,
      createDefaultStage: false,
      ...(origins.length > 0 && { corsPreflight: corsFor(origins) }),
    });
    const { users, consoleClient } = this.makeUsers(settings, consoleOrigin);
    this.users = users;
    this.consoleClient = consoleClient;
    this.fn.addEnvironment('TOKEN_ISSUER', this.users.pool.userPoolProviderUrl);
    this.addRoutes(this.users);
    this.docs = addDocs(this, this.api, platform);
    this.addStage(settings);
    new CfnOutput(this, 'ApiUrl', { value: this.api.apiEndpoint });
  }

  private addRoutes({ pool, clients }: Users): void {
    const integration = new HttpLambdaIntegration('ApiIntegration', this.fn, {
      // One permission for the API as a whole; one per route would outgrow the function's policy.
      scopePermissionToRoute: false,
    });
    const withToken = new HttpUserPoolAuthorizer('Users', pool, { userPoolClients: [...clients] });
    const withoutToken = new HttpNoneAuthorizer();
    for (const { method, path, open, scopes } of ROUTES as readonly Route[]) {
      this.api.addRoutes({
        path,
        methods: [HttpMethod[method]],
        integration,
        ...(open === true
          ? { authorizer: withoutToken }
          : { authorizer: withToken, authorizationScopes: scopes.map(fullScope) }),
      });
    }
  }

  private makeUsers(
    settings: Settings,
    consoleOrigin: string | undefined,
  ): { users: Users; consoleClient: UserPoolClient | undefined } {
    const pool = new UserPool(this, 'UserPool', {
      selfSignUpEnabled: false,
      signInAliases: { email: true },
      accountRecovery: AccountRecovery.EMAIL_ONLY,
      mfa: Mfa.OPTIONAL,
      mfaSecondFactor: { sms: false, otp: true },
      passwordPolicy: {
        minLength: 12,
        requireLowercase: true,
        requireUppercase: true,
        requireDigits: true,
        requireSymbols: true,
      },
      deletionProtection: settings.deletionProtection,
      removalPolicy: settings.removalPolicy,
    });
    pool.addDomain('Domain', {
      cognitoDomain: { domainPrefix: domainPrefix(settings) },
    });
    const scopes = SCOPES.map((name) => ({ name, scope: resourceScope(name) }));
    const server = pool.addResourceServer('Scopes', {
      identifier: SCOPE_PREFIX,
      scopes: scopes.map(({ scope }) => scope),
    });
    const oAuth = (allowed: readonly Scope[], callbackUrls: string[]) => ({
      flows: { authorizationCodeGrant: true },
      callbackUrls,
      scopes: scopes
        .filter(({ name }) => allowed.includes(name))
        .map(({ scope }) => OAuthScope.resourceServer(server, scope)),
    });
    const signIn = (id: string, allowed: readonly Scope[], accessTokenValidity: Duration): UserPoolClient =>
      pool.addClient(id, {
        authFlows: { userSrp: true },
        oAuth: oAuth(allowed, [LOOPBACK_CALLBACK]),
        accessTokenValidity,
        preventUserExistenceErrors: true,
      });
    // Whoever signs in may ask for every scope of the client, so what is used every day has none of admin.
    const client = signIn('Client', ['read', 'trade', 'close-only'], Duration.hours(1));
    const admin = signIn('AdminClient', SCOPES, Duration.minutes(15));
    const consoleClient =
      consoleOrigin === undefined
        ? undefined
        : addConsoleClient(pool, consoleOrigin, (callbackUrls) => oAuth(SCOPES, callbackUrls));
    new CfnOutput(this, 'UserPoolId', { value: pool.userPoolId });
    new CfnOutput(this, 'UserPoolClientId', { value: client.userPoolClientId });
    new CfnOutput(this, 'UserPoolAdminClientId', { value: admin.userPoolClientId });
    // Made by hand, because a template would keep their secrets readable; here only their tokens are let in.
    const machines = settings.machineClients.map((id) =>
      UserPoolClient.fromUserPoolClientId(this, `Machine${id}`, id),
    );
    const people = [client, admin, ...(consoleClient === undefined ? [] : [consoleClient])];
    return { users: { pool, clients: [...people, ...machines] }, consoleClient };
  }

  private addStage(settings: Settings): void {
    const logGroup = new LogGroup(this, 'AccessLogs', {
      // API Gateway writes by the account's one policy for such logs, whose length is limited: it has this prefix once for
      // all, and any other group by its name. The stack's own id behind it: a group that was retained keeps its name.
      logGroupName: `/aws/vendedlogs/moniqo-${settings.stage}-api-${Fn.select(2, Fn.split('/', Aws.STACK_ID))}`,
      retention: settings.logRetention,
      removalPolicy: settings.removalPolicy,
    });
    new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      throttle: THROTTLE,
      accessLogSettings: { destination: new LogGroupLogDestination(logGroup), format: accessLogFormat() },
    });
  }
}

/** For pages of other origins. */
const corsFor = (allowOrigins: readonly string[]): CorsPreflightOptions => ({
  allowOrigins: [...allowOrigins],
  allowMethods: CORS_METHODS.map((method) => CorsHttpMethod[method]),
  allowHeaders: [...CORS_HEADERS],
  exposeHeaders: [...CORS_EXPOSED],
  maxAge: Duration.seconds(CORS_MAX_AGE_SECONDS),
});

/** Who asked what, what they got and how long it took; no query strings, no bodies. */
function accessLogFormat(): AccessLogFormat {
  return AccessLogFormat.custom(
    JSON.stringify({
      request_id: AccessLogField.contextRequestId(),
      at: AccessLogField.contextRequestTimeEpoch(),
      ip: AccessLogField.contextIdentitySourceIp(),
      route: '$context.routeKey',
      user: '$context.authorizer.claims.sub',
      client: '$context.authorizer.claims.client_id',
      status: AccessLogField.contextStatus(),
      bytes: AccessLogField.contextResponseLength(),
      ms: AccessLogField.contextResponseLatency(),
      integration_error: '$context.integrationErrorMessage',
    }),
  );
}

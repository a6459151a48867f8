/** The console on AWS: who may read its files, what a browser is told beside them, who signs in by which client. */
import { runInNewContext } from 'node:vm';
import { afterAll, describe, expect, it } from 'vitest';
import { ROUTES, type Route } from '../../../functions/api/routes.ts';
import { withPolicy } from '../../../infra/console/config.ts';
import {
  cacheControlOf,
  contentSecurityPolicy,
  isPage,
  securityHeaders,
} from '../../../infra/console/headers.ts';
import { PAGE_FUNCTION } from '../../../infra/console/page-function.ts';
import { buildApp } from '../../../infra/stacks/build-app.ts';
import { CORS_METHODS } from '../../../infra/stacks/cors.ts';
import { mentions, type Synthesised, synthesise } from './synthesised.ts';

const DOMAIN = { 'console-domain': 'console.example.com' };
const CERTIFICATE = { 'console-certificate': 'arn:aws:acm:us-east-1:123456789012:certificate/0a-1b' };

const only = (from: Synthesised, type: string) => from.one(type, '').properties;

/** The text of a value of a template, with references by name. */
const text = (value: unknown): string => {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(text).join('');
  if (typeof value !== 'object' || value === null) return String(value);
  if ('Fn::Join' in value) {
    const [between, parts] = value['Fn::Join'] as [string, unknown[]];
    return parts.map(text).join(between);
  }
  return Object.values(value).map(text).join('.');
};

describe.each(['sandbox', 'prod'] as const)('the console of %s', (stage) => {
  const system = synthesise(stage);

  it('lies in a bucket that is private, encrypted and spoken to by TLS 1.2 or newer alone', () => {
    const bucket = system.one('AWS::S3::Bucket', 'Files');
    expect(bucket.properties).toMatchObject({
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
    });
    expect(bucket.properties['WebsiteConfiguration']).toBeUndefined();
    expect(bucket.deletionPolicy).toBe(stage === 'prod' ? 'Retain' : 'Delete');
    // Old versions would hold a bucket that is to go.
    expect(bucket.properties['VersioningConfiguration']).toEqual(
      stage === 'prod' ? { Status: 'Enabled' } : undefined,
    );
    const { Statement } = system.one('AWS::S3::BucketPolicy', 'FilesPolicy').properties['PolicyDocument'] as {
      Statement: readonly Record<string, unknown>[];
    };
    const denied = Statement.filter(({ Effect }) => Effect === 'Deny');
    expect(denied.map(({ Condition }) => Condition)).toEqual([
      { Bool: { 'aws:SecureTransport': 'false' } },
      { NumericLessThan: { 's3:TlsVersion': 1.2 } },
    ]);
    const allowed = Statement.filter(({ Effect }) => Effect === 'Allow');
    expect(allowed).toHaveLength(1);
    expect(allowed[0]).toMatchObject({
      Action: 's3:GetObject',
      Principal: { Service: 'cloudfront.amazonaws.com' },
    });
    expect(JSON.stringify(allowed[0]?.['Condition'])).toContain('"Distribution');
  });

  it('is read by CloudFront, signed, over HTTPS, compressed, for GET and HEAD', () => {
    const config = only(system, 'AWS::CloudFront::Distribution')['DistributionConfig'] as Record<
      string,
      unknown
    >;
    expect(config).toMatchObject({
      Enabled: true,
      HttpVersion: 'http2and3',
      DefaultRootObject: 'index.html',
      DefaultCacheBehavior: {
        AllowedMethods: ['GET', 'HEAD'],
        Compress: true,
        ViewerProtocolPolicy: 'redirect-to-https',
        FunctionAssociations: [{ EventType: 'viewer-request' }],
      },
    });
    // An error of the bucket stays an error: a script that is not there is no page.
    expect(config['CustomErrorResponses']).toBeUndefined();
    expect(only(system, 'AWS::CloudFront::OriginAccessControl')['OriginAccessControlConfig']).toMatchObject({
      OriginAccessControlOriginType: 's3',
      SigningBehavior: 'always',
      SigningProtocol: 'sigv4',
    });
    const cache = only(system, 'AWS::CloudFront::CachePolicy')['CachePolicyConfig'] as Record<
      string,
      unknown
    >;
    // With a minimum above 0 CloudFront keeps what says no-store.
    expect(cache).toMatchObject({ MinTTL: 0, DefaultTTL: 0, MaxTTL: 31_536_000 });
  });

  it('comes with every header that the laptop sends, and the policy allows what this deployment has', () => {
    const policy = only(system, 'AWS::CloudFront::ResponseHeadersPolicy')['ResponseHeadersPolicyConfig'] as {
      SecurityHeadersConfig: Record<string, Record<string, unknown>>;
      CustomHeadersConfig: { Items: readonly { Header: string; Value: string; Override: boolean }[] };
    };
    const {
      ContentSecurityPolicy,
      StrictTransportSecurity,
      ReferrerPolicy,
      FrameOptions,
      ContentTypeOptions,
    } = policy.SecurityHeadersConfig;
    for (const one of [...Object.values(policy.SecurityHeadersConfig), ...policy.CustomHeadersConfig.Items])
      expect(one).toMatchObject({ Override: true });
    expect(ContentTypeOptions).toBeDefined();
    const apis = '*.execute-api.AWS::Region.AWS::URLSuffix';
    const signIn = `https://moniqo-${stage}-AWS::AccountId.auth.AWS::Region.amazoncognito.com`;
    expect({
      'content-security-policy': text(ContentSecurityPolicy?.['ContentSecurityPolicy']),
      'strict-transport-security': `max-age=${StrictTransportSecurity?.['AccessControlMaxAgeSec']}${
        StrictTransportSecurity?.['IncludeSubdomains'] === true ? '; includeSubDomains' : ''
      }`,
      'x-content-type-options': 'nosniff',
      'x-frame-options': FrameOptions?.['FrameOption'],
      'referrer-policy': ReferrerPolicy?.['ReferrerPolicy'],
      ...Object.fromEntries(policy.CustomHeadersConfig.Items.map(({ Header, Value }) => [Header, Value])),
    }).toEqual(securityHeaders([`https://${apis}`, `wss://${apis}`, signIn]));
  });

  it('keeps hashed files for good, the page and its configuration never, and takes none away', () => {
    const deployments = system.ofType('Custom::CDKBucketDeployment').map(({ properties }) => properties);
    expect(
      deployments.map(({ DestinationBucketKeyPrefix, SystemMetadata, Prune, RetainOnDelete }) => [
        DestinationBucketKeyPrefix,
        (SystemMetadata as Record<string, string>)['cache-control'],
        Prune,
        RetainOnDelete,
      ]),
    ).toEqual([
      ['assets', 'public, max-age=31536000, immutable', false, stage === 'prod'],
      [undefined, 'no-store', false, stage === 'prod'],
    ]);
    // What an old page still loads is there before the new page is, and after.
    const template = system.stacks.get(`Moniqo-${stage}-console-files`)?.toJSON() as {
      Resources: Record<string, { Type: string; DependsOn?: readonly string[] }>;
    };
    const ids = Object.entries(template.Resources).filter(
      ([, { Type }]) => Type === 'Custom::CDKBucketDeployment',
    );
    expect(ids[1]?.[1].DependsOn).toContain(ids[0]?.[0]);
  });

  it('is told where the APIs and the sign-in are, which is all that its page may speak to', () => {
    const markers = system
      .ofType('Custom::CDKBucketDeployment')
      .flatMap(({ properties }) => (properties['SourceMarkers'] ?? []) as readonly Record<string, unknown>[])
      .filter((one) => Object.keys(one).length > 0)
      .map((one) => Object.values(one).map(text));
    const api = expect.stringMatching(/-api:\w+HttpApi\w+ApiEndpoint\w+$/);
    const push = expect.stringMatching(/-push:\w+ApiEndpoint\w+$/);
    expect(markers).toEqual([
      [api, push, 'AWS::AccountId', 'AWS::Region'],
      [
        expect.stringMatching(/^".*-api:\w+HttpApi\w+ApiEndpoint\w+\/api\/v1"$/),
        expect.stringMatching(/^".*-push:\w+ApiEndpoint\w+\/push"$/),
        `"https://moniqo-${stage}-AWS::AccountId.auth.AWS::Region.amazoncognito.com"`,
        expect.stringMatching(/^".*UserPoolConsoleClient\w+"$/),
      ],
    ]);
  });

  it('signs in by a client without a secret, that lasts for minutes and ends at the console alone', () => {
    const client = system.one('AWS::Cognito::UserPoolClient', 'UserPoolConsoleClient').properties;
    expect(client).toMatchObject({
      GenerateSecret: false,
      AllowedOAuthFlows: ['code'],
      AccessTokenValidity: 15,
      RefreshTokenValidity: 720,
      RefreshTokenRotation: { Feature: 'ENABLED', RetryGracePeriodSeconds: 30 },
      EnableTokenRevocation: true,
      PreventUserExistenceErrors: 'ENABLED',
      // Cognito refuses refreshing without rotation beside rotation.
      ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH'],
    });
    for (const name of ['CallbackURLs', 'LogoutURLs'])
      expect((client[name] as readonly unknown[]).map(text)).toEqual([
        expect.stringMatching(
          new RegExp(`^https://Moniqo-${stage}-console:.*DistributionW*\\w*DomainName\\w*/$`),
        ),
      ]);
    expect((client['AllowedOAuthScopes'] as readonly unknown[]).map(text)).toEqual(
      ['read', 'trade', 'close-only', 'admin'].map((scope) =>
        expect.stringMatching(new RegExp(`/${scope}$`)),
      ),
    );
    const { id } = system.one('AWS::Cognito::UserPoolClient', 'UserPoolConsoleClient');
    expect(mentions(only(system, 'AWS::ApiGatewayV2::Authorizer')['JwtConfiguration'], id)).toBe(true);
    const socket = system.one('AWS::Lambda::Function', 'SocketFunction').properties;
    expect(mentions(socket['Environment'], id)).toBe(true);
  });

  it('may call the API from its own origin', () => {
    const cors = system.one('AWS::ApiGatewayV2::Api', 'HttpApi').properties['CorsConfiguration'] as {
      AllowOrigins: readonly unknown[];
    };
    expect(cors.AllowOrigins.map(text)).toEqual([expect.stringMatching(/^https:.*-console:.*DomainName/)]);
  });

  it('tells its address', () => {
    const outputs = system.stacks.get(`Moniqo-${stage}-console`)?.findOutputs('ConsoleUrl');
    expect(text(outputs?.['ConsoleUrl']?.['Value'])).toMatch(/^https:\/\/Distribution.*DomainName\/$/);
  });
});

describe('a deployment', () => {
  const apps: Synthesised[] = [];
  const built = (context: Record<string, string>): Synthesised => {
    const app = synthesise('sandbox', context);
    apps.push(app);
    return app;
  };
  afterAll(() => {
    for (const app of apps) app.remove();
  });

  it('has no console where none is wanted, and nothing of it', () => {
    const without = built({ console: 'off' });
    expect([...without.stacks.keys()].filter((name) => name.includes('console'))).toEqual([]);
    expect(without.ofType('AWS::Cognito::UserPoolClient')).toHaveLength(2);
    expect(() => buildApp({ context: { console: 'no' } })).toThrow('console "no": use on or off');
  });

  it('with a name of its own for the console has TLS 1.2 or newer, and says that name everywhere', () => {
    const named = built({ ...DOMAIN, ...CERTIFICATE });
    expect(only(named, 'AWS::CloudFront::Distribution')['DistributionConfig']).toMatchObject({
      Aliases: ['console.example.com'],
      ViewerCertificate: { MinimumProtocolVersion: 'TLSv1.2_2021', SslSupportMethod: 'sni-only' },
    });
    const client = named.one('AWS::Cognito::UserPoolClient', 'UserPoolConsoleClient').properties;
    expect(client).toMatchObject({ CallbackURLs: ['https://console.example.com/'] });
    const api = named.one('AWS::ApiGatewayV2::Api', 'HttpApi').properties;
    expect(api['CorsConfiguration']).toMatchObject({ AllowOrigins: ['https://console.example.com'] });
    for (const wrong of [
      DOMAIN,
      CERTIFICATE,
      { ...DOMAIN, 'console-certificate': 'arn:aws:acm:eu-west-1:1:x' },
    ])
      expect(() => buildApp({ context: wrong })).toThrow(/console-(domain|certificate)/);
  });
});

describe('the rules of the files', () => {
  it.each([
    ['/', '/index.html'],
    ['/positions/p-1', '/index.html'],
    ['/wallets/', '/index.html'],
    ['/index.html', '/index.html'],
    ['/config.json', '/config.json'],
    ['/assets/main-1a.js', '/assets/main-1a.js'],
    ['/v1.2/page', '/index.html'],
  ])('CloudFront answers %s with %s, as the laptop does', (uri, answered) => {
    const handler = runInNewContext(`${PAGE_FUNCTION}; handler`) as (event: object) => { uri: string };
    expect(handler({ request: { uri } }).uri).toBe(answered);
    expect(isPage(uri) ? '/index.html' : uri).toBe(answered);
  });

  it('know a hashed file by its folder', () => {
    expect(cacheControlOf('/assets/main-1a.js')).toContain('immutable');
    for (const path of ['/', '/index.html', 'config.json', '/favicon.svg', '/x/assets/y.js'])
      expect(cacheControlOf(path)).toBe('no-store');
  });

  it('allow no script, style, frame or form of anybody else', () => {
    const policy = contentSecurityPolicy(['https://api.example']);
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' data:",
      "font-src 'self'",
      "connect-src 'self' https://api.example",
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "form-action 'none'",
    ]);
    expect(policy).not.toContain('unsafe');
  });

  it('put the policy of the page before everything else in it', () => {
    expect(withPolicy('<html>\n<head>\n<script src="/a.js">', "connect-src 'self'")).toMatch(
      /<head>\n\s*<meta http-equiv="Content-Security-Policy" content="connect-src 'self'" \/>\n<script/,
    );
    expect(() => withPolicy('<html></html>', 'x')).toThrow('no <head>');
  });

  it('let pages of other origins use every method of the API', () => {
    expect([...CORS_METHODS]).toEqual(
      [...new Set((ROUTES as readonly Route[]).map(({ method }) => method))].sort(),
    );
  });
});

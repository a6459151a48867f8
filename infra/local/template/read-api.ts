/** The HTTP API of a template: its routes, who may call them, CORS. */
import { z } from 'zod';
import { type Cursor, find, properties, refOf } from './cursor.ts';
import type {
  DeclaredApi,
  DeclaredAuthorizer,
  DeclaredCors,
  DeclaredRoute,
  DeclaredSocketApi,
} from './declared.ts';
import { TemplateError } from './intrinsics.ts';
import { functionNameOf } from './read-functions.ts';

const DEFAULT_INTEGRATION_TIMEOUT_MS = 30_000;

const corsSchema = z.object({
  AllowOrigins: z.array(z.string()).default([]),
  AllowMethods: z.array(z.string()).default([]),
  AllowHeaders: z.array(z.string()).default([]),
  ExposeHeaders: z.array(z.string()).default([]),
  AllowCredentials: z.boolean().default(false),
  MaxAge: z.coerce.number().optional(),
});

const apiSchema = z.object({ ProtocolType: z.string(), CorsConfiguration: corsSchema.optional() });

const integrationSchema = z.object({
  ApiId: z.string(),
  IntegrationType: z.string(),
  IntegrationUri: z.string(),
  PayloadFormatVersion: z.string().optional(),
  TimeoutInMillis: z.coerce.number().positive().default(DEFAULT_INTEGRATION_TIMEOUT_MS),
});

const authorizerSchema = z.object({
  AuthorizerType: z.string(),
  IdentitySource: z.array(z.string()).default([]),
  JwtConfiguration: z.object({ Audience: z.array(z.string()).default([]) }).optional(),
});

const routeSchema = z.object({
  ApiId: z.string(),
  RouteKey: z.string(),
  Target: z.string(),
  AuthorizationType: z.string().default('NONE'),
  AuthorizerId: z.string().optional(),
  AuthorizationScopes: z.array(z.string()).default([]),
});

interface Integration {
  readonly functionName: string;
  readonly timeoutMs: number;
}

/** The HTTP API, if one is declared. @throws when there are several, or one that the laptop cannot imitate */
export function readApi(cursor: Cursor): DeclaredApi | undefined {
  const [found, ...others] = find(cursor.assembly, 'AWS::ApiGatewayV2::Api').filter(
    (api) => properties(cursor, api, apiSchema).ProtocolType === 'HTTP',
  );
  if (!found) return undefined;
  if (others.length > 0)
    throw new TemplateError('more than one HTTP API is declared; the laptop has one port');
  const id = refOf(cursor, found);
  const cors = properties(cursor, found, apiSchema).CorsConfiguration;
  const integrations = readIntegrations(cursor, id, '2.0');
  const authorizers = readAuthorizers(cursor);
  const routes = find(cursor.assembly, 'AWS::ApiGatewayV2::Route').flatMap((route): DeclaredRoute[] => {
    const declared = properties(cursor, route, routeSchema);
    if (declared.ApiId !== id) return [];
    const integration = integrations.get(declared.Target.replace(/^integrations\//, ''));
    if (!integration) throw new TemplateError(`route ${declared.RouteKey}: its integration is not declared`);
    return [{ key: declared.RouteKey, ...integration, authorizer: authorizerOf(declared, authorizers) }];
  });
  return { id, routes, cors: cors && toCors(cors) };
}

const stageSchema = z.object({ ApiId: z.string(), StageName: z.string() });

/** The WebSocket API, if one is declared. @throws when there are several, or one that the laptop cannot imitate */
export function readSocketApi(cursor: Cursor): DeclaredSocketApi | undefined {
  const [found, ...others] = find(cursor.assembly, 'AWS::ApiGatewayV2::Api').filter(
    (api) => properties(cursor, api, apiSchema).ProtocolType === 'WEBSOCKET',
  );
  if (!found) return undefined;
  if (others.length > 0) throw new TemplateError('more than one WebSocket API is declared');
  const id = refOf(cursor, found);
  const stages = find(cursor.assembly, 'AWS::ApiGatewayV2::Stage')
    .map((stage) => properties(cursor, stage, stageSchema))
    .filter(({ ApiId }) => ApiId === id);
  const [stage] = stages;
  if (stage === undefined || stages.length > 1)
    throw new TemplateError(`${found.id}: one stage is imitated, not ${stages.length}`);
  const integrations = readIntegrations(cursor, id, undefined);
  const routes = find(cursor.assembly, 'AWS::ApiGatewayV2::Route').flatMap((route): [string, string][] => {
    const declared = properties(cursor, route, routeSchema);
    if (declared.ApiId !== id) return [];
    const integration = integrations.get(declared.Target.replace(/^integrations\//, ''));
    if (!integration) throw new TemplateError(`route ${declared.RouteKey}: its integration is not declared`);
    if (declared.AuthorizationType !== 'NONE' || !SOCKET_ROUTES.has(declared.RouteKey)) {
      throw new TemplateError(
        `route ${declared.RouteKey}: only $connect, $disconnect and $default without authorizers are imitated`,
      );
    }
    return [[declared.RouteKey, integration.functionName]];
  });
  return { id, stage: stage.StageName, routes: Object.fromEntries(routes) };
}

const SOCKET_ROUTES = new Set(['$connect', '$disconnect', '$default']);

/** `format`: of the payload; a WebSocket API has none. */
function readIntegrations(
  cursor: Cursor,
  apiId: string,
  format: '2.0' | undefined,
): Map<string, Integration> {
  const integrations = new Map<string, Integration>();
  for (const found of find(cursor.assembly, 'AWS::ApiGatewayV2::Integration')) {
    const declared = properties(cursor, found, integrationSchema);
    if (declared.ApiId !== apiId) continue;
    if (declared.IntegrationType !== 'AWS_PROXY' || declared.PayloadFormatVersion !== format) {
      throw new TemplateError(
        `${found.id}: only AWS_PROXY integrations with payload format ${format ?? 'left out'} are imitated`,
      );
    }
    integrations.set(refOf(cursor, found), {
      functionName: functionNameOf(functionArnIn(declared.IntegrationUri)),
      timeoutMs: declared.TimeoutInMillis,
    });
  }
  return integrations;
}

/** An integration may name the function's ARN, or the invocation path that holds it. */
const functionArnIn = (uri: string): string => /functions\/(arn:.*)\/invocations$/.exec(uri)?.[1] ?? uri;

function readAuthorizers(cursor: Cursor): Map<string, readonly string[]> {
  const audiences = new Map<string, readonly string[]>();
  for (const found of find(cursor.assembly, 'AWS::ApiGatewayV2::Authorizer')) {
    const declared = properties(cursor, found, authorizerSchema);
    const isBearer = declared.IdentitySource.every((source) => source === '$request.header.Authorization');
    if (declared.AuthorizerType !== 'JWT' || !isBearer) {
      throw new TemplateError(`${found.id}: only JWT authorizers on the Authorization header are imitated`);
    }
    audiences.set(refOf(cursor, found), declared.JwtConfiguration?.Audience ?? []);
  }
  return audiences;
}

function authorizerOf(
  route: z.infer<typeof routeSchema>,
  audiences: ReadonlyMap<string, readonly string[]>,
): DeclaredAuthorizer | undefined {
  if (route.AuthorizationType === 'NONE') return undefined;
  const audience = route.AuthorizerId === undefined ? undefined : audiences.get(route.AuthorizerId);
  if (route.AuthorizationType !== 'JWT' || !audience) {
    throw new TemplateError(
      `route ${route.RouteKey}: authorization ${route.AuthorizationType} is not imitated`,
    );
  }
  return { audience, scopes: route.AuthorizationScopes };
}

const toCors = (cors: z.infer<typeof corsSchema>): DeclaredCors => ({
  origins: cors.AllowOrigins,
  methods: cors.AllowMethods,
  headers: cors.AllowHeaders,
  exposed: cors.ExposeHeaders,
  credentials: cors.AllowCredentials,
  maxAgeSeconds: cors.MaxAge,
});

/** What comes in from API Gateway (HTTP API, payload 2.0) and what operations get and answer. */
import type { Scope } from './scopes.ts';

/** The parts of API Gateway's event that are used. */
export interface HttpEvent {
  readonly routeKey: string;
  readonly rawPath: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly pathParameters?: Readonly<Record<string, string | undefined>>;
  readonly queryStringParameters?: Readonly<Record<string, string | undefined>>;
  readonly body?: string | undefined;
  readonly isBase64Encoded: boolean;
  readonly requestContext: {
    readonly requestId: string;
    readonly authorizer?: {
      readonly jwt?: { readonly claims: Readonly<Record<string, unknown>> };
    };
  };
}

export interface HttpResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What an operation is given: parsed as far as the transport can. */
export interface ApiRequest {
  readonly requestId: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The parsed JSON body; undefined when there is none. */
  readonly body: unknown;
}

/** Who sent a request, by a token that API Gateway's authorizer has checked. */
export interface Bearer {
  readonly userId: string;
  /** The machine client that acts for the user; null = the user's own token. */
  readonly clientId: string | null;
  /** What the token lets its bearer do. */
  readonly scopes: ReadonlySet<Scope>;
}

export interface UserRequest extends ApiRequest, Bearer {}

export interface ApiResponse {
  readonly status: number;
  /** Written as JSON. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

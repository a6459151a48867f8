/** What the page is told by its host: `/config.json`, of the same origin, never cached. */

export type SignInConfig =
  | { readonly kind: 'local'; readonly token_url: string }
  | {
      readonly kind: 'cognito';
      readonly domain: string;
      readonly client_id: string;
      readonly scopes: readonly string[];
      readonly redirect_path: string;
    };

export interface ConsoleConfig {
  readonly stage: 'laptop' | 'sandbox' | 'prod';
  /** With its version: `http://127.0.0.1:8787/api/v1`. */
  readonly api: string;
  readonly push: string;
  readonly sign_in: SignInConfig;
}

const STAGES = ['laptop', 'sandbox', 'prod'] as const;

/** @throws Error that names the member which is missing or wrong */
export function parseConfig(given: unknown): ConsoleConfig {
  const all = members(given, 'config.json');
  const stage = STAGES.find((one) => one === all['stage']);
  if (stage === undefined) throw new Error('config.json: stage has to be laptop, sandbox or prod');
  return {
    stage,
    api: url(all, 'api', /^https?:/),
    push: url(all, 'push', /^wss?:/),
    sign_in: parseSignIn(members(all['sign_in'], 'sign_in')),
  };
}

function parseSignIn(given: Readonly<Record<string, unknown>>): SignInConfig {
  switch (given['kind']) {
    case 'local':
      return { kind: 'local', token_url: url(given, 'token_url', /^https?:/) };
    case 'cognito': {
      const { scopes } = given;
      if (!Array.isArray(scopes) || !scopes.every((one) => typeof one === 'string'))
        throw new Error('config.json: sign_in.scopes has to be a list of texts');
      return {
        kind: 'cognito',
        domain: url(given, 'domain', /^https:/).replace(/\/$/, ''),
        client_id: text(given, 'client_id'),
        scopes,
        redirect_path: text(given, 'redirect_path'),
      };
    }
    default:
      throw new Error('config.json: sign_in.kind has to be local or cognito');
  }
}

function members(given: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof given !== 'object' || given === null) throw new Error(`${name} has to be an object`);
  return given as Readonly<Record<string, unknown>>;
}

function text(given: Readonly<Record<string, unknown>>, name: string): string {
  const value = given[name];
  if (typeof value !== 'string' || value === '') throw new Error(`config.json: ${name} has to be a text`);
  return value;
}

function url(given: Readonly<Record<string, unknown>>, name: string, form: RegExp): string {
  const value = text(given, name);
  if (!form.test(value) || !URL.canParse(value)) throw new Error(`config.json: ${name} has to be an address`);
  return value;
}

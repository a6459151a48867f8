/** Who the smoke test is, and its keys: from the environment or asked for, never from arguments. */
import { z } from 'zod';
import { OptionError } from '../command-line.ts';
import type { SmokeOptions } from './options.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Asks the person at the terminal without showing what is typed; null where nobody is there. */
export type Ask = (question: string) => Promise<string | null>;

const Granted = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() });
const Refused = z.object({ error: z.string().max(100) });

const CALL_TIMEOUT_MS = 15_000;
/** A token is renewed before it ends, so that no call has one that ends on its way. */
const MARGIN_MS = 60_000;

/**
 * How to get a token that is good now.
 * @throws OptionError when the environment has neither a token nor a machine client with --token-url
 */
export function tokenSource(
  { tokenUrl }: Pick<SmokeOptions, 'tokenUrl'>,
  env: Environment,
  ask: typeof fetch = fetch,
): () => Promise<string> {
  const { MONIQO_TOKEN: token = '', MONIQO_CLIENT_ID: id = '', MONIQO_CLIENT_SECRET: secret = '' } = env;
  if (token !== '') return () => Promise.resolve(token);
  if (id === '' || secret === '' || tokenUrl === null) {
    throw new OptionError(
      'who are you? Put an access token into MONIQO_TOKEN, or a machine client into MONIQO_CLIENT_ID and ' +
        'MONIQO_CLIENT_SECRET with --token-url (docs/operations.md says how to get either)',
    );
  }
  let held: { readonly value: string; readonly until: number } | null = null;
  return async () => {
    if (held === null || Date.now() >= held.until) {
      const { access_token: value, expires_in: seconds } = await grant(ask, tokenUrl, id, secret);
      held = { value, until: Date.now() + seconds * 1_000 - MARGIN_MS };
    }
    return held.value;
  };
}

/** RFC 6749 section 4.4. @throws Error that names the endpoint's reason and none of what was sent */
async function grant(
  ask: typeof fetch,
  url: string,
  id: string,
  secret: string,
): Promise<z.output<typeof Granted>> {
  const response = await ask(url, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
    signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
  });
  const text = await response.text();
  if (response.ok) {
    const granted = Granted.safeParse(parsed(text));
    if (granted.success) return granted.data;
    throw new Error(`${url} answered without a token`);
  }
  const refused = Refused.safeParse(parsed(text));
  throw new Error(`${url}: ${response.status}${refused.success ? ` ${refused.data.error}` : ''}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: no schema takes it, and the caller says so.
    return null;
  }
}

export type VenueKeys =
  | { readonly api_key: string; readonly secret_key: string }
  | { readonly api_key: string; readonly private_key: string };

/** @throws OptionError when they are neither in the environment nor to be asked for */
export async function venueKeys(env: Environment, ask: Ask): Promise<VenueKeys> {
  const given = async (name: string, question: string): Promise<string> => {
    const value = env[name] || (await ask(question)) || '';
    if (value === '') throw new OptionError(`put the testnet key into ${name} (--help)`);
    return value;
  };
  const api_key = await given('BINANCE_TESTNET_API_KEY', 'API key of the testnet: ');
  const privateKey = env['BINANCE_TESTNET_PRIVATE_KEY'] ?? '';
  if (privateKey !== '') return { api_key, private_key: privateKey };
  return { api_key, secret_key: await given('BINANCE_TESTNET_API_SECRET', 'Its secret (not shown): ') };
}

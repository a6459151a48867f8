/**
 * The WebSocket API's three routes (design section 14): who connects, what a connection says, that it is gone.
 *
 * Nothing is answered through the route itself: each answer is a message, so that a subscription is confirmed before the
 * first event of it.
 */
import * as z from 'zod';
import { ProblemError } from '../../shared/http/errors.ts';
import { validate } from '../../shared/http/validate.ts';
import {
  type Channel,
  type Connection,
  PRICES_CHANNEL,
  type PriceWakes,
  SOCKET_CHANNELS,
} from '../../shared/ports/push.ts';
import type { PushError } from '../../shared/ports/push-messages.ts';
import { findSymbol, type KnownSymbols } from '../../shared/usecases/find-symbol.ts';
import { makePing, makeSubscribe } from '../../shared/usecases/push/subscribe.ts';
import type { TellConnection, TellPorts } from '../../shared/usecases/push/tell-connection.ts';
import { type CheckToken, offeredToken, SUBPROTOCOL } from './token.ts';

/** The parts of API Gateway's event that are used. */
export interface SocketEvent {
  readonly requestContext: { readonly routeKey: string; readonly connectionId: string };
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string | undefined;
}

export interface SocketAnswer {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Of one user at a time. */
const MAX_CONNECTIONS = 20;

/** That one connection may follow. */
export const MAX_SYMBOLS = 50;

const Subscribe = z
  .strictObject({
    action: z.literal('subscribe'),
    channels: z.array(z.enum(SOCKET_CHANNELS)).min(1).max(SOCKET_CHANNELS.length),
    symbols: z.array(z.string().min(1).max(40)).min(1).optional(),
    cursor: z.string().max(40).nullable().optional(),
  })
  .refine(({ channels, symbols }) => channels.includes(PRICES_CHANNEL) === (symbols !== undefined), {
    path: ['symbols'],
    message: `goes with the channel ${PRICES_CHANNEL}, and that with it`,
  });

const Message = z.discriminatedUnion('action', [Subscribe, z.strictObject({ action: z.literal('ping') })]);

type Subscription = z.infer<typeof Subscribe>;
type Parsed = z.infer<typeof Message> | { readonly action: null; readonly trouble: PushError };

const invalid = (field: string | null, message: string): Parsed => ({
  action: null,
  trouble: { code: 'invalid_message', field, message },
});

function parse(body: string | undefined): Parsed {
  let json: unknown;
  try {
    json = JSON.parse(body ?? '');
  } catch {
    return invalid(null, 'A message is a JSON object.');
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return invalid(null, 'A message is a JSON object.');
  }
  try {
    return validate(() => Message, json);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const [{ field, detail }] = error.complaints;
    return invalid(field, detail);
  }
}

interface Deps extends TellPorts {
  readonly tell: TellConnection;
  readonly checkToken: CheckToken;
  readonly known: KnownSymbols;
  readonly priceWakes: PriceWakes;
}

export function socketHandler(deps: Deps): (event: SocketEvent) => Promise<SocketAnswer> {
  const { connections, gateway, checkToken, known, log } = deps;
  const subscribe = makeSubscribe(deps);
  const ping = makePing(deps);

  async function connect({ requestContext, headers = {} }: SocketEvent): Promise<SocketAnswer> {
    const { connectionId } = requestContext;
    const { token, isProtocolOffered } = offeredToken(headers);
    if (token === null) return { statusCode: 401 };
    const check = await checkToken(token);
    if (check.outcome !== 'good') return { statusCode: check.outcome === 'bad' ? 401 : 403 };
    const { userId, until } = check;
    if ((await connections.ofUser(userId)).length >= MAX_CONNECTIONS) return { statusCode: 429 };
    await connections.open({ userId, connectionId, tokenUntil: until });
    log.info('CONNECTION_OPENED', { connectionId, userId });
    return {
      statusCode: 200,
      ...(isProtocolOffered && { headers: { 'Sec-WebSocket-Protocol': SUBPROTOCOL } }),
    };
  }

  /** Canonical, each once; or what is wrong with them. */
  async function symbolsOf(texts: readonly string[]): Promise<readonly string[] | PushError> {
    if (texts.length > MAX_SYMBOLS) {
      const message = `symbols: one connection follows ${MAX_SYMBOLS} at most`;
      return { code: 'too_many_symbols', field: 'symbols', limit: MAX_SYMBOLS, message };
    }
    const specs = await Promise.all(texts.map((text) => findSymbol(known, text)));
    const unknown = specs.indexOf(null);
    if (unknown >= 0) {
      const field = `symbols.${unknown}`;
      const message = `${field}: ${texts[unknown]} is not a symbol that is traded here`;
      return { code: 'unknown_symbol', field, message };
    }
    return [...new Set(specs.flatMap((spec) => spec?.symbol ?? []))];
  }

  /** Null: done. */
  async function hearSubscribe(connection: Connection, message: Subscription): Promise<PushError | null> {
    const symbols = await symbolsOf(message.symbols ?? []);
    if ('code' in symbols) return symbols;
    const channels = [...new Set(message.channels)].filter((one): one is Channel => one !== PRICES_CHANNEL);
    await subscribe(connection, { channels, symbols, cursor: message.cursor ?? null });
    return null;
  }

  async function hear(connection: Connection, body: string | undefined): Promise<void> {
    const message = parse(body);
    if (message.action === 'ping') return ping(connection);
    const trouble =
      message.action === 'subscribe' ? await hearSubscribe(connection, message) : message.trouble;
    if (trouble !== null) await gateway.post(connection.connectionId, { type: 'error', ...trouble });
  }

  return async (event) => {
    const { routeKey, connectionId } = event.requestContext;
    if (routeKey === '$connect') return connect(event);
    const connection = await connections.find(connectionId);
    // Dropped, and its end is on its way.
    if (connection === null) return { statusCode: 200 };
    if (routeKey === '$disconnect') {
      await connections.remove(connection);
      log.info('CONNECTION_CLOSED', { connectionId });
    } else {
      await hear(connection, event.body);
    }
    return { statusCode: 200 };
  };
}

/**
 * The WebSocket API's three routes (design section 14): who connects, what a connection says, that it is gone.
 *
 * Nothing is answered through the route itself: each answer is a message, so that a subscription is confirmed before the
 * first event of it.
 */
import * as z from 'zod';
import { CHANNELS, type Connection } from '../../shared/ports/push.ts';
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

const Message = z.discriminatedUnion('action', [
  z.strictObject({
    action: z.literal('subscribe'),
    channels: z.array(z.enum(CHANNELS)).min(1).max(CHANNELS.length),
    cursor: z.string().max(40).nullable().optional(),
  }),
  z.strictObject({ action: z.literal('ping') }),
]);

type Parsed = z.infer<typeof Message> | { readonly action: null; readonly problem: string };

function parse(body: string | undefined): Parsed {
  let json: unknown;
  try {
    json = JSON.parse(body ?? '');
  } catch {
    return { action: null, problem: 'A message is a JSON object.' };
  }
  const parsed = Message.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return { action: null, problem: `${issue?.path.join('.') || 'action'}: ${issue?.message ?? 'not known'}` };
}

interface Deps extends TellPorts {
  readonly tell: TellConnection;
  readonly checkToken: CheckToken;
}

export function socketHandler(deps: Deps): (event: SocketEvent) => Promise<SocketAnswer> {
  const { connections, gateway, checkToken, log } = deps;
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

  async function hear(connection: Connection, body: string | undefined): Promise<void> {
    const message = parse(body);
    if (message.action === 'subscribe') {
      const channels = [...new Set(message.channels)];
      await subscribe(connection, { channels, cursor: message.cursor ?? null });
    } else if (message.action === 'ping') {
      await ping(connection);
    } else {
      const problem = { type: 'error', code: 'invalid_message', message: message.problem };
      await gateway.post(connection.connectionId, problem);
    }
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

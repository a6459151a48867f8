/** One connection of the WebSocket API: requests and answers, logon, user-data subscriptions. */
import { type Json, type JsonObject, type UserEvent, VenueError } from '../contract.ts';
import type { Signer } from './authentication.ts';
import type { Core, Reply } from './core.ts';
import { badKeyFormat, RetryLater, rejectedKey, unsupported } from './errors.ts';
import type { Key } from './keys.ts';
import { type Operation, operationOf } from './operations.ts';
import { type Frame, readFrame } from './parameters.ts';
import type { Connection, ConnectionHandlers } from './sockets.ts';
import { Subscriptions } from './subscriptions.ts';

/** The documentation names no code for a key that may not log on; this one is the simulator's choice. */
const logonNeedsEd25519 = (): VenueError =>
  new VenueError(-1020, 'Only Ed25519 API keys are supported for session.logon.');

export class ApiSession implements ConnectionHandlers {
  private readonly connection: Connection;
  private readonly core: Core;
  private readonly onBug: (error: unknown) => void;
  private readonly forget: (session: ApiSession) => void;
  private readonly tellsLimits: boolean;
  private readonly subscriptions = new Subscriptions();
  private logon: { readonly key: Key; readonly since: number } | null = null;
  /** Sent after the answer of the request that caused them. */
  private notices: Json[] = [];

  constructor(
    connection: Connection,
    core: Core,
    onBug: (error: unknown) => void,
    forget: (session: ApiSession) => void,
  ) {
    this.connection = connection;
    this.core = core;
    this.onBug = onBug;
    this.forget = forget;
    this.tellsLimits = connection.url.searchParams.get('returnRateLimits') !== 'false';
  }

  readonly onText = (text: string): void => {
    this.receive(text).catch(this.onBug);
  };

  readonly onClose = (): void => this.forget(this);

  readonly shutdownNotice = (): Json => ({ event: { e: 'serverShutdown', E: this.core.now() } });

  /** Hands an event on to this connection's subscription of the account, if it has one. */
  deliver({ uid, event }: UserEvent): void {
    const subscriptionId = this.subscriptions.of(uid);
    if (subscriptionId !== null) this.connection.send({ subscriptionId, event });
  }

  listensTo(uid: number): boolean {
    return this.subscriptions.of(uid) !== null;
  }

  disconnect(): void {
    this.connection.terminate();
  }

  private async receive(text: string): Promise<void> {
    let frame: Frame;
    try {
      frame = readFrame(text);
    } catch (error) {
      if (!(error instanceof VenueError)) throw error;
      this.connection.send({ id: null, status: error.status, error: errorOf(error, this.core.now()) });
      return;
    }
    const operation = operationOf(frame.method);
    if (operation === null) {
      const error = unsupported();
      this.connection.send({ id: frame.id, status: error.status, error: errorOf(error, this.core.now()) });
      return;
    }
    const apiKey = frame.sent.params['apiKey'] ?? null;
    if (apiKey === null && !this.isLogonValid(operation)) return;
    const outcome = await this.core.perform({
      transport: 'socket',
      ip: this.connection.ip,
      operation,
      sent: frame.sent,
      apiKey,
      session: this.logon?.key ?? null,
      serve: (served, signer) => this.serve(served, signer, frame),
    });
    if (outcome.kind === 'break') return this.connection.terminate();
    if (outcome.kind === 'blocked') {
      this.connection.send({ id: frame.id, status: 403, error: { code: -1002, msg: 'Forbidden' } });
      return;
    }
    const { reply, release } = outcome;
    try {
      if (reply.malformed) this.connection.sendBroken(this.word(frame, operation, reply));
      else this.connection.send(this.word(frame, operation, reply));
    } finally {
      release();
    }
    for (const notice of this.notices.splice(0)) this.connection.send(notice);
  }

  /** A key that was revoked ends the logon, told by an answer to nobody. */
  private isLogonValid(operation: Operation): boolean {
    const usesLogon = operation.security !== 'NONE' || operation.name === 'userDataStream.subscribe';
    if (this.logon === null || !usesLogon) return true;
    try {
      this.core.keys.find(this.logon.key.apiKey, this.connection.ip);
      return true;
    } catch (error) {
      if (!(error instanceof VenueError)) throw error;
      this.endLogon();
      const refused = rejectedKey();
      this.connection.send({ id: null, status: refused.status, error: errorOf(refused, this.core.now()) });
      for (const notice of this.notices.splice(0)) this.connection.send(notice);
      return false;
    }
  }

  private word(frame: Frame, operation: Operation, reply: Reply): JsonObject {
    const status = 'error' in reply ? reply.error.status : 200;
    const content =
      'error' in reply ? { error: errorOf(reply.error, this.core.now()) } : { result: reply.result };
    return { id: frame.id, status, ...content, ...this.limitsFor(frame, operation, reply) };
  }

  private limitsFor(frame: Frame, operation: Operation, reply: Reply): JsonObject {
    const asked = frame.sent.params['returnRateLimits'];
    if (asked === undefined ? !this.tellsLimits : asked !== 'true') return {};
    const { limits } = this.core;
    const orders = operation.orders > 0 && reply.uid !== null ? limits.describeOrders(reply.uid) : [];
    return { rateLimits: [...orders, limits.describeWeight(this.connection.ip)] };
  }

  private serve(operation: Operation, signer: Signer | null, { sent }: Frame): Json {
    switch (operation.name) {
      case 'session.logon':
        return this.logOn(signer);
      case 'session.status':
        return this.status();
      case 'session.logout':
        this.endLogon();
        return this.status();
      case 'session.subscriptions':
        return this.subscriptions.ids().map((subscriptionId) => ({ subscriptionId }));
      case 'userDataStream.subscribe':
        return this.subscribe(this.logon?.key ?? null, true);
      case 'userDataStream.subscribe.signature':
        return this.subscribe(signer?.key ?? null, false);
      case 'userDataStream.unsubscribe':
        this.terminated(this.subscriptions.end(sent.params['subscriptionId']));
        return {};
      default:
        throw unsupported();
    }
  }

  private logOn(signer: Signer | null): Json {
    if (signer === null) throw badKeyFormat();
    if (signer.key.type !== 'ed25519') throw logonNeedsEd25519();
    this.logon = { key: signer.key, since: this.core.now() };
    return this.status();
  }

  private endLogon(): void {
    this.logon = null;
    this.terminated(this.subscriptions.endOfLogon());
  }

  private status(): Json {
    return {
      apiKey: this.logon?.key.apiKey ?? null,
      authorizedSince: this.logon?.since ?? null,
      connectedSince: this.connection.connectedAt,
      returnRateLimits: this.tellsLimits,
      serverTime: this.core.now(),
      userDataStream: this.subscriptions.ids().length > 0,
    };
  }

  private subscribe(key: Key | null, byLogon: boolean): Json {
    if (key === null) throw badKeyFormat();
    if (!key.permissions.has('USER_STREAM')) throw rejectedKey();
    return { subscriptionId: this.subscriptions.start(key.uid, byLogon) };
  }

  private terminated(ids: readonly number[]): void {
    for (const subscriptionId of ids) {
      this.notices.push({ subscriptionId, event: { e: 'eventStreamTerminated', E: this.core.now() } });
    }
  }
}

function errorOf(error: VenueError, now: number): JsonObject {
  const { code, message: msg, data } = error;
  const waiting = error instanceof RetryLater ? { serverTime: now, retryAfter: error.retryAt } : null;
  if (waiting === null) return { code, msg, ...(data === undefined ? {} : { data }) };
  const more = typeof data === 'object' && data !== null && !Array.isArray(data) ? (data as JsonObject) : {};
  return { code, msg, data: { ...more, ...waiting } };
}

/**
 * One cluster at one listener: handshake, authentication, subscriptions, and the cap of connections per account
 * (facts section 2). Its data come from outside through `tell`.
 */
import type { IncomingMessage } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocketServer } from 'ws';
import * as z from 'zod';
import type { Faults } from '../faults/faults.ts';
import type { CutFault, UpgradeFault } from '../faults/rules.ts';
import type { KeyTable, PolygonKey } from '../keys.ts';
import type { Cluster } from '../market/symbols.ts';
import { Connection } from './connection.ts';
import type { SocketSettings } from './settings.ts';
import {
  AUTH_FAILED,
  AUTH_TIMEOUT,
  AUTHENTICATED,
  authFailed,
  CONNECTED,
  NO_WEBSOCKET,
  NOT_AUTHENTICATED,
  NOT_AUTHORIZED,
  NOT_UNDERSTOOD,
  subscribed,
  unsubscribed,
} from './statuses.ts';
import { readTopic, type Topic } from './topics.ts';

export interface BucketOptions {
  readonly cluster: Cluster;
  readonly webSockets: WebSocketServer;
  readonly settings: SocketSettings;
  readonly keys: KeyTable;
  readonly faults: Faults;
  /** Whether this listener offers the channel at all. */
  readonly offers: (channel: string) => boolean;
  readonly nextId: () => number;
  readonly onBug: (error: unknown) => void;
}

interface Member {
  readonly connection: Connection;
  readonly timers: NodeJS.Timeout[];
  key: PolygonKey | null;
}

/** Messages made between two looks at whether a big frame is full. */
const TRIES = 1_000;

const request = z.object({ action: z.string(), params: z.string() });

export class Bucket {
  readonly cluster: Cluster;
  private readonly members = new Map<number, Member>();
  /** Slots that stay taken after an unclean end: account and when it is free. */
  private ghosts: { readonly account: string; readonly until: number }[] = [];
  private readonly options: BucketOptions;
  private readonly timer: NodeJS.Timeout | null;
  /** Handshakes are refused with `status` until then. */
  private closedUntil = { time: 0, status: 503 };

  constructor(options: BucketOptions) {
    this.options = options;
    this.cluster = options.cluster;
    const { windowMs } = options.settings;
    this.timer = windowMs === 0 ? null : setInterval(() => this.flush(), windowMs);
  }

  upgrade(http: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { cluster } = this;
    if (Date.now() < this.closedUntil.time) {
      refuse(socket, this.closedUntil.status);
      return;
    }
    const strikes = this.options.faults.strike('upgrade', { cluster });
    const refusal = strikes.find((fault) => fault.kind === 'refuse_handshake');
    const wait = strikes.find((fault) => fault.kind === 'slow_upgrade');
    if (refusal?.kind === 'refuse_handshake') {
      refuse(socket, refusal.how);
      return;
    }
    const [cut] = this.options.faults.strike('cut', { cluster, stage: 'upgrade' });
    if (cut !== undefined) {
      socket.destroy();
      return;
    }
    const go = (): void => this.options.webSockets.handleUpgrade(http, socket, head, (ws) => this.open(ws));
    if (wait?.kind !== 'slow_upgrade') {
      go();
      return;
    }
    this.options.faults.later(wait.ms, () => {
      if (!socket.destroyed) go();
    });
  }

  private open(socket: ConstructorParameters<typeof Connection>[0]['socket']): void {
    const { cluster, settings, faults, onBug } = this.options;
    const connection: Connection = new Connection(
      { id: this.options.nextId(), cluster, socket, settings, faults },
      {
        onText: (text) => {
          try {
            this.receive(member, text);
          } catch (error) {
            onBug(error);
            connection.destroy();
          }
        },
        onClose: (isClean) => this.closed(member, isClean),
      },
    );
    const timers = [setTimeout(() => this.authLate(member), settings.authTimeoutMs)];
    if (settings.pingMs > 0) timers.push(setInterval(() => connection.ping(), settings.pingMs));
    const member: Member = { connection, timers, key: null };
    this.members.set(connection.id, member);
    if (connection.isCutAt('connect')) return;
    if (settings.pingFirst) connection.ping();
    const [mute] = faults.strike('connect', { cluster, connection: connection.id });
    if (mute === undefined) connection.status(CONNECTED);
  }

  private authLate({ connection, key }: Member): void {
    if (key !== null) return;
    this.options.faults.note('auth_late', null, { cluster: this.cluster, connection: connection.id });
    connection.endWith(AUTH_TIMEOUT);
  }

  private closed({ connection, timers, key }: Member, isClean: boolean): void {
    for (const timer of timers) clearTimeout(timer);
    this.members.delete(connection.id);
    const { lingerMs } = this.options.settings;
    if (!isClean && key !== null && lingerMs > 0) {
      this.ghosts.push({ account: key.account, until: Date.now() + lingerMs });
    }
  }

  private receive(member: Member, text: string): void {
    const { action, params } = readRequest(text) ?? { action: '', params: '' };
    switch (action) {
      case 'auth':
        this.authenticate(member, params);
        return;
      case 'subscribe':
      case 'unsubscribe':
        if (member.key === null) {
          if (this.options.settings.beforeAuth === 'error') member.connection.status(NOT_AUTHENTICATED);
        } else if (action === 'subscribe') this.subscribe(member, member.key, params);
        else this.unsubscribe(member, params);
        return;
      default:
        if (this.options.settings.nonsense === 'error') member.connection.status(NOT_UNDERSTOOD);
    }
  }

  private authenticate(member: Member, text: string): void {
    const { connection } = member;
    const { faults, keys } = this.options;
    if (member.key !== null || connection.isCutAt('auth')) return;
    const [fault] = faults.strike('auth', { cluster: this.cluster, connection: connection.id });
    if (fault !== undefined) {
      connection.endWith(fault.kind === 'auth_timeout' ? AUTH_TIMEOUT : authFailed(fault.message));
      return;
    }
    const key = keys.find(text);
    if (key === null) connection.endWith(authFailed(AUTH_FAILED));
    else if (!key.websocket) connection.endWith(NO_WEBSOCKET);
    else if (this.makeRoom(member, key)) {
      member.key = key;
      connection.account = key.account;
      connection.status(AUTHENTICATED);
    }
  }

  /** One too many: the oldest goes (facts 2.6), or the newcomer where that is set. */
  private makeRoom({ connection }: Member, { account, connections }: PolygonKey): boolean {
    const { settings, faults } = this.options;
    this.ghosts = this.ghosts.filter(({ until }) => until > Date.now());
    const others = [...this.members.values()].filter(({ key }) => key?.account === account);
    const ghosts = this.ghosts.filter((ghost) => ghost.account === account).length;
    const tooMany = others.length + ghosts + 1 - connections;
    if (tooMany <= 0) return true;
    if (settings.overflow === 'refuse_newest') {
      this.evict(connection);
      return false;
    }
    for (const old of others.slice(0, tooMany)) {
      // No longer counted, also while it still says goodbye.
      old.key = null;
      for (const timer of old.timers) clearTimeout(timer);
      this.evict(old.connection);
    }
    faults.note('room_made', null, { cluster: this.cluster, connection: connection.id });
    return true;
  }

  private evict(connection: Connection): void {
    this.options.faults.note('evicted', null, { cluster: this.cluster, connection: connection.id });
    connection.evict(this.options.settings.evictStatus);
  }

  private subscribe({ connection }: Member, key: PolygonKey, params: string): void {
    if (connection.isCutAt('subscribe')) return;
    const refusals: string[] = [];
    const acks: string[] = [];
    for (const topic of this.topics(params)) {
      if (this.isRefused(topic, key)) {
        refusals.push(NOT_AUTHORIZED);
        continue;
      }
      if (connection.holdings.has(topic)) continue;
      const faults = this.options.faults.strike('subscribe', {
        cluster: this.cluster,
        connection: connection.id,
        channel: topic.channel,
        symbol: topic.symbol,
      });
      if (faults.some(({ kind }) => kind === 'not_authorized')) {
        refusals.push(NOT_AUTHORIZED);
        continue;
      }
      connection.holdings.add(topic);
      if (!faults.some(({ kind }) => kind === 'missing_ack')) acks.push(subscribed(topic.text));
    }
    this.answer(connection, [...refusals, ...acks]);
  }

  private unsubscribe({ connection }: Member, params: string): void {
    const gone = this.topics(params).filter((topic) => connection.holdings.remove(topic));
    this.answer(
      connection,
      gone.map(({ text }) => unsubscribed(text)),
    );
  }

  private topics(params: string): readonly Topic[] {
    const texts = params.split(',').map((text) => text.trim());
    return texts.map((text) => readTopic(this.cluster, text)).filter((topic) => topic !== null);
  }

  private isRefused({ channel }: Topic, { refused }: PolygonKey): boolean {
    return refused.includes(channel) || !this.options.offers(channel);
  }

  private answer(connection: Connection, texts: readonly string[]): void {
    if (this.options.settings.acks === 'batched') connection.status(...texts);
    else for (const text of texts) connection.status(text);
  }

  wants(channel: string, symbol: string): boolean {
    for (const { connection } of this.members.values()) if (connection.holds(channel, symbol)) return true;
    return false;
  }

  tell(channel: string, symbol: string, text: string): void {
    for (const { connection } of this.members.values()) {
      if (!connection.holds(channel, symbol)) continue;
      connection.queue(text);
      if (this.timer === null) connection.flush();
    }
  }

  private flush(): void {
    for (const { connection } of this.members.values()) connection.flush();
  }

  /** One frame of at least so many bytes for everybody whom messages reach. `more` makes messages. */
  bigFrame(bytes: number, more: () => void): void {
    this.flush();
    let short = this.connections().filter((connection) => connection.isReceiving);
    while (short.length > 0) {
      const before = short.map((connection) => connection.waitingBytes);
      for (let nth = 0; nth < TRIES; nth += 1) more();
      // Whom nothing has reached holds nothing that is told.
      short = short.filter((c, at) => c.waitingBytes < bytes && c.waitingBytes > (before[at] ?? 0));
    }
    for (const connection of this.connections()) connection.flush(Number.POSITIVE_INFINITY);
  }

  connections(): readonly Connection[] {
    return [...this.members.values()].map(({ connection }) => connection);
  }

  cutAll(fault: CutFault): void {
    for (const connection of this.connections()) connection.cut(fault);
  }

  /** Everybody is dropped, and nobody let in for so long. */
  restart(ms: number, status: number): void {
    this.closedUntil = { time: Date.now() + ms, status };
    for (const connection of this.connections()) connection.destroy();
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    for (const { connection, timers } of this.members.values()) {
      for (const timer of timers) clearTimeout(timer);
      connection.destroy();
    }
  }
}

function readRequest(text: string): z.infer<typeof request> | null {
  try {
    return request.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    // No JSON: nonsense, and answered as such.
    return null;
  }
}

function refuse(socket: Duplex, how: Extract<UpgradeFault, { kind: 'refuse_handshake' }>['how']): void {
  if (how === 'reset') socket.destroy();
  else if (how === 'garbage') socket.end('\u0016\u0003\u0001 not what was expected\r\n\r\n');
  else
    socket.end(
      `HTTP/1.1 ${how} ${STATUS_CODES[how] ?? ''}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
    );
}

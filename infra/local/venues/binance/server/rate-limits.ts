/**
 * Rate limits: weight and raw requests per address, unfilled orders per account, bans.
 *
 * Always true:
 * - windows are aligned to the clock (a minute ends at :00), they do not slide;
 * - a request that would pass a limit is refused and not processed;
 * - whoever goes on after refusals is banned, each time for longer.
 */
import type { JsonObject } from '../contract.ts';
import { banned, RetryLater, tooManyOrders, tooManyRawRequests, tooMuchWeight } from './errors.ts';
import { Window } from './window.ts';

export interface Limits {
  /** [6000] per minute and address. */
  readonly weightPerMinute: number;
  /** [300000] per 5 minutes and address, REST. */
  readonly rawPer5Minutes: number;
  /** [100] */
  readonly ordersPer10Seconds: number;
  /** [200000] */
  readonly ordersPerDay: number;
  /** [300] new sockets per 5 minutes and address. */
  readonly connectionsPer5Minutes: number;
  /** [10] refusals for weight within one window until the address is banned. */
  readonly refusalsUntilBan: number;
  /** [120] seconds of the first ban; each further one is twice as long, up to three days. */
  readonly firstBanSeconds: number;
  /** [1] and [5]: what a first fill takes off the order count. */
  readonly takerCredit: number;
  readonly makerCredit: number;
}

export const DEFAULT_LIMITS: Limits = {
  weightPerMinute: 6000,
  rawPer5Minutes: 300_000,
  ordersPer10Seconds: 100,
  ordersPerDay: 200_000,
  connectionsPer5Minutes: 300,
  refusalsUntilBan: 10,
  firstBanSeconds: 120,
  takerCredit: 1,
  makerCredit: 5,
};

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;
const LONGEST_BAN_MS = 3 * DAY;

interface Address {
  readonly weight: Window;
  readonly raw: Window;
  readonly connections: Window;
  readonly refusals: Window;
  bans: number;
  bannedUntil: number;
}

interface Orders {
  readonly short: Window;
  readonly day: Window;
}

const entry = (type: string, interval: string, intervalNum: number, limit: number): JsonObject => ({
  rateLimitType: type,
  interval,
  intervalNum,
  limit,
});

export class RateLimits {
  readonly limits: Limits;
  private readonly now: () => number;
  private readonly addresses = new Map<string, Address>();
  private readonly accounts = new Map<number, Orders>();
  private readonly onBan: (ip: string) => void;

  constructor(limits: Limits, now: () => number, onBan: (ip: string) => void) {
    this.limits = limits;
    this.now = now;
    this.onBan = onBan;
  }

  private address(ip: string): Address {
    let found = this.addresses.get(ip);
    if (found === undefined) {
      found = {
        weight: new Window(MINUTE),
        raw: new Window(5 * MINUTE),
        connections: new Window(5 * MINUTE),
        refusals: new Window(MINUTE),
        bans: 0,
        bannedUntil: 0,
      };
      this.addresses.set(ip, found);
    }
    return found;
  }

  private orders(uid: number): Orders {
    let found = this.accounts.get(uid);
    if (found === undefined) {
      found = { short: new Window(10 * SECOND), day: new Window(DAY) };
      this.accounts.set(uid, found);
    }
    return found;
  }

  /** @throws RetryLater 418 while the address is banned */
  checkBan(ip: string): void {
    const { bannedUntil } = this.address(ip);
    if (this.now() < bannedUntil) throw banned(bannedUntil);
  }

  /** Bans an address; its sockets are cut by who owns them. @returns until when */
  ban(ip: string, seconds?: number): number {
    const address = this.address(ip);
    const length =
      seconds === undefined ? this.limits.firstBanSeconds * SECOND * 2 ** address.bans : seconds * SECOND;
    address.bans += 1;
    address.bannedUntil = this.now() + Math.min(length, LONGEST_BAN_MS);
    this.onBan(ip);
    return address.bannedUntil;
  }

  /** Counts a REST request. @throws RetryLater */
  takeRaw(ip: string): void {
    const { raw } = this.address(ip);
    raw.add(1, this.now());
    const { rawPer5Minutes } = this.limits;
    if (raw.count(this.now()) > rawPer5Minutes)
      throw tooManyRawRequests(rawPer5Minutes, raw.endsAt(this.now()));
  }

  /** false: too many new sockets. */
  takeConnection(ip: string): boolean {
    const { connections } = this.address(ip);
    connections.add(1, this.now());
    return connections.count(this.now()) <= this.limits.connectionsPer5Minutes;
  }

  /** A new socket: null, or the HTTP status of its refusal. */
  admitSocket(ip: string, weight: number): number | null {
    try {
      this.checkBan(ip);
      this.takeWeight(ip, weight);
      return null;
    } catch (error) {
      if (error instanceof RetryLater) return error.status;
      throw error;
    }
  }

  /** Counts weight. @throws RetryLater 429, or 418 for one who did not stop at 429 */
  takeWeight(ip: string, weight: number): void {
    const now = this.now();
    const address = this.address(ip);
    if (address.weight.count(now) + weight <= this.limits.weightPerMinute) {
      address.weight.add(weight, now);
      return;
    }
    address.refusals.add(1, now);
    if (address.refusals.count(now) > this.limits.refusalsUntilBan) throw banned(this.ban(ip));
    throw tooMuchWeight(this.limits.weightPerMinute, address.weight.endsAt(now));
  }

  giveWeightBack(ip: string, weight: number): void {
    this.address(ip).weight.add(-weight, this.now());
  }

  usedWeight(ip: string): number {
    return this.address(ip).weight.count(this.now());
  }

  /** @throws RetryLater -1015 */
  checkOrders(uid: number, orders: number): void {
    const now = this.now();
    const { short, day } = this.orders(uid);
    const { ordersPerDay, ordersPer10Seconds } = this.limits;
    if (day.count(now) + orders > ordersPerDay) throw tooManyOrders(ordersPerDay, '1 DAY', day.endsAt(now));
    if (short.count(now) + orders > ordersPer10Seconds) {
      throw tooManyOrders(ordersPer10Seconds, '10 SECOND', short.endsAt(now));
    }
  }

  countOrders(uid: number, orders: number): void {
    const { short, day } = this.orders(uid);
    short.add(orders, this.now());
    day.add(orders, this.now());
  }

  /** An order's first fill: the credit goes to the present window, whatever the order's age. */
  creditFirstFill(uid: number, isMaker: boolean): void {
    this.countOrders(uid, -(isMaker ? this.limits.makerCredit : this.limits.takerCredit));
  }

  orderCounts(uid: number): { readonly short: number; readonly day: number } {
    const { short, day } = this.orders(uid);
    return { short: short.count(this.now()), day: day.count(this.now()) };
  }

  /** `rateLimits` of exchangeInfo. */
  describe(transport: 'rest' | 'socket'): readonly JsonObject[] {
    const { limits } = this;
    return [
      entry('REQUEST_WEIGHT', 'MINUTE', 1, limits.weightPerMinute),
      entry('ORDERS', 'SECOND', 10, limits.ordersPer10Seconds),
      entry('ORDERS', 'DAY', 1, limits.ordersPerDay),
      transport === 'rest'
        ? entry('RAW_REQUESTS', 'MINUTE', 5, limits.rawPer5Minutes)
        : entry('CONNECTIONS', 'MINUTE', 5, limits.connectionsPer5Minutes),
    ];
  }

  describeOrders(uid: number): readonly JsonObject[] {
    const counts = this.orderCounts(uid);
    return [
      { ...entry('ORDERS', 'SECOND', 10, this.limits.ordersPer10Seconds), count: counts.short },
      { ...entry('ORDERS', 'DAY', 1, this.limits.ordersPerDay), count: counts.day },
    ];
  }

  describeWeight(ip: string): JsonObject {
    return {
      ...entry('REQUEST_WEIGHT', 'MINUTE', 1, this.limits.weightPerMinute),
      count: this.usedWeight(ip),
    };
  }
}

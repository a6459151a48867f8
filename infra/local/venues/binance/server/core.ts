/**
 * What happens to a request, whichever way it came: weight, key, faults, order count, the exchange, the answer.
 *
 * Always true:
 * - a request refused here never reached the exchange;
 * - weight is charged before, and given back when the operation is one that costs nothing on success;
 * - an answer that a fault takes away is taken away after the exchange has done its work, not instead of it.
 */
import { type Exchange, type Json, type JsonObject, VenueError } from '../contract.ts';
import { authenticate, type Claim, type Signer } from './authentication.ts';
import { unknownError, unsupported } from './errors.ts';
import type { EventGate } from './event-gate.ts';
import type { RequestFault } from './fault-rules.ts';
import type { Faults } from './faults.ts';
import { type KeyStore, restrictionsOf } from './keys.ts';
import type { Operation } from './operations.ts';
import { ownParams } from './parameters.ts';
import { place } from './placing.ts';
import type { RateLimits } from './rate-limits.ts';
import { type Ending, RequestSpoiler } from './request-faults.ts';

export interface Call extends Claim {
  readonly transport: 'rest' | 'socket';
  readonly operation: Operation;
  /** Answers the operations of the socket itself (sessions, subscriptions). */
  readonly serve?: (operation: Operation, signer: Signer | null) => Json;
}

export type Reply = {
  readonly uid: number | null;
  /** Did it place orders? Then the answer tells the counts. */
  readonly placed: boolean;
  readonly malformed: boolean;
} & ({ readonly result: Json } | { readonly error: VenueError });

export type Outcome =
  /** `release` lets the events go that waited for it. */
  { readonly kind: 'reply'; readonly reply: Reply; readonly release: () => void } | Ending;

export interface CoreOptions {
  readonly exchange: Exchange;
  readonly keys: KeyStore;
  readonly limits: RateLimits;
  readonly faults: Faults;
  readonly gate: EventGate;
  readonly now: () => number;
  /** A mistake of the simulator's own; the client gets a 500. */
  readonly onBug: (error: unknown) => void;
}

export interface Counter {
  requests: number;
  refused: number;
  spoiled: number;
}

export class Core {
  readonly keys: KeyStore;
  readonly limits: RateLimits;
  readonly exchange: Exchange;
  readonly now: () => number;
  private readonly faults: Faults;
  private readonly gate: EventGate;
  private readonly onBug: (error: unknown) => void;
  private readonly stopping = new AbortController();
  private readonly spoiler: RequestSpoiler;
  private readonly counters = new Map<string, Counter>();

  constructor(options: CoreOptions) {
    this.keys = options.keys;
    this.limits = options.limits;
    this.exchange = options.exchange;
    this.now = options.now;
    this.faults = options.faults;
    this.gate = options.gate;
    this.onBug = options.onBug;
    this.spoiler = new RequestSpoiler(options.limits, options.now, this.stopping.signal);
  }

  /** How many requests of each operation there were. */
  counts(): Readonly<Record<string, Readonly<Counter>>> {
    return Object.fromEntries(this.counters);
  }

  /** Ends what waits; its clients get no answer. */
  stop(): void {
    this.stopping.abort();
  }

  async perform(call: Call): Promise<Outcome> {
    const counter = this.counter(call.operation.name);
    counter.requests += 1;
    const weight = call.operation.weight(call.sent.params);
    let uid: number | null = null;
    try {
      this.limits.checkBan(call.ip);
      this.limits.takeWeight(call.ip, weight);
      const signer = authenticate(call, call.operation.security, this.keys, this.now());
      uid = signer?.key.uid ?? null;
      const faults = this.faults.ofRequest({ operation: call.operation.name, uid, params: call.sent.params });
      if (faults.length > 0) counter.spoiled += 1;
      const outcome = await this.run(call, signer, faults, weight);
      if (outcome.kind === 'reply' && 'error' in outcome.reply) counter.refused += 1;
      return outcome;
    } catch (error) {
      if (this.stopping.signal.aborted) return { kind: 'break' };
      counter.refused += 1;
      return answer({ uid, placed: false, malformed: false, error: this.refusal(error) });
    }
  }

  private counter(name: string): Counter {
    let found = this.counters.get(name);
    if (found === undefined) {
      found = { requests: 0, refused: 0, spoiled: 0 };
      this.counters.set(name, found);
    }
    return found;
  }

  private refusal(error: unknown): VenueError {
    if (error instanceof VenueError) return error;
    this.onBug(error);
    return unknownError(500);
  }

  private async run(
    call: Call,
    signer: Signer | null,
    faults: readonly RequestFault[],
    weight: number,
  ): Promise<Outcome> {
    for (const fault of faults) {
      const end = await this.spoiler.before(fault, call, signer);
      if (end !== null) return end;
    }
    const { result, release } = this.gate.hold(() => this.execute(call, signer));
    const succeeded = 'value' in result;
    if (succeeded && costsNothing(call.operation, result.value)) this.limits.giveWeightBack(call.ip, weight);
    const facts = {
      uid: signer?.key.uid ?? null,
      placed: succeeded && call.operation.orders > 0,
      malformed: faults.some((f) => f.kind === 'malformed_body'),
    };
    const reply: Reply = succeeded
      ? { ...facts, result: result.value }
      : { ...facts, error: this.refusal(result.error) };
    try {
      for (const fault of faults) {
        const end = await this.spoiler.after(fault, release);
        if (end === 'break') return { kind: 'break' };
        if (end !== null) return answer({ ...facts, placed: false, error: end }, release);
      }
    } catch (error) {
      release();
      throw error;
    }
    return answer(reply, release);
  }

  private execute(call: Call, signer: Signer | null): Json {
    const { operation, sent, transport } = call;
    const uid = signer?.key.uid ?? null;
    if (operation.by === 'server') {
      if (operation.name === 'account.rateLimits.orders' && uid !== null)
        return this.limits.describeOrders(uid);
      if (call.serve === undefined) throw unsupported();
      return call.serve(operation, signer);
    }
    const params = ownParams(sent.params);
    if (operation.orders > 0 && uid !== null) return place(this, { operation, uid, params, transport });
    const result = this.exchange.execute(operation.name, uid, params);
    if (operation.name === 'exchangeInfo') {
      return { ...asObject(result), rateLimits: this.limits.describe(transport) };
    }
    return operation.name === 'account.apiRestrictions' && signer !== null
      ? restrictionsOf(signer.key, asObject(result))
      : result;
  }
}

const nothing = (): void => undefined;

const answer = (reply: Reply, release: () => void = nothing): Outcome => ({ kind: 'reply', reply, release });

const asObject = (value: Json): JsonObject => {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new Error('the exchange answered something else than an object');
};

/** An amend costs nothing only where it made the order expire. */
function costsNothing(operation: Operation, result: Json): boolean {
  if (operation.freeOnSuccess) return true;
  if (operation.name !== 'order.amend.keepPriority') return false;
  const amended = asObject(result)['amendedOrder'];
  return amended !== undefined && asObject(amended)['status'] === 'EXPIRED';
}

/** Requests on their way in and answers on their way out: lost, late, refused, or of unknown outcome. */
import { setTimeout as sleep } from 'node:timers/promises';
import { VenueError } from '../contract.ts';
import type { Signer } from './authentication.ts';
import {
  banned,
  outsideWindow,
  tooManyOrders,
  tooMuchWeight,
  unknownError,
  unknownOutcome,
} from './errors.ts';
import type { RequestFault } from './fault-rules.ts';
import type { Operation } from './operations.ts';
import type { RateLimits } from './rate-limits.ts';
import { isTooLate } from './timing.ts';

/** An end without an answer of the API: the connection breaks, or a firewall's page. */
export type Ending = { readonly kind: 'break' } | { readonly kind: 'blocked' };

export interface Spoiled {
  readonly ip: string;
  readonly operation: Operation;
}

export class RequestSpoiler {
  private readonly limits: RateLimits;
  private readonly now: () => number;
  private readonly stopping: AbortSignal;

  /** Whoever waits here when `stopping` is aborted gets its AbortError. */
  constructor(limits: RateLimits, now: () => number, stopping: AbortSignal) {
    this.limits = limits;
    this.now = now;
    this.stopping = stopping;
  }

  /** Before the exchange. null: go on. @throws VenueError where it is refused */
  async before(fault: RequestFault, request: Spoiled, signer: Signer | null): Promise<Ending | null> {
    const { weightPerMinute, ordersPer10Seconds } = this.limits.limits;
    switch (fault.kind) {
      case 'lose_request':
        return { kind: 'break' };
      case 'blocked':
        return { kind: 'blocked' };
      case 'refuse':
        throw new VenueError(fault.code, fault.msg, fault.status);
      case 'rate_limited':
        throw tooMuchWeight(weightPerMinute, this.now() + fault.retryAfterSeconds * 1000);
      case 'too_many_orders':
        throw tooManyOrders(ordersPer10Seconds, '10 SECOND', this.now() + fault.retryAfterSeconds * 1000);
      case 'banned':
        throw banned(this.limits.ban(request.ip, fault.seconds));
      case 'late_timestamp':
        throw this.tooLate(request, signer);
      case 'server_error':
        if (fault.executed) return null;
        throw unknownError(fault.status);
      case 'timeout':
        if (fault.executed) return null;
        await this.wait(fault.ms);
        throw unknownOutcome(fault.status);
      case 'slow':
        if (fault.at === 'after') return null;
        await this.wait(fault.ms);
        if (signer !== null && isTooLate(signer.timing, this.now())) throw this.tooLate(request, signer);
        return null;
      case 'lose_reply':
      case 'malformed_body':
        return null;
    }
  }

  /** After the exchange has acted: what takes the answer's place; null: nothing. `release` lets the events go. */
  async after(fault: RequestFault, release: () => void): Promise<VenueError | 'break' | null> {
    switch (fault.kind) {
      case 'lose_reply':
        release();
        return 'break';
      case 'server_error':
        release();
        return unknownError(fault.status);
      case 'timeout':
        release();
        await this.wait(fault.ms);
        return unknownOutcome(fault.status);
      case 'slow':
        if (fault.at === 'before') return null;
        release();
        await this.wait(fault.ms);
        return null;
      default:
        return null;
    }
  }

  /** The late check counts the orders that it refuses. */
  private tooLate({ operation }: Spoiled, signer: Signer | null): VenueError {
    if (signer !== null) this.limits.countOrders(signer.key.uid, operation.orders);
    return outsideWindow();
  }

  private async wait(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.stopping });
  }
}

/** A filter whose doings are noted, on a clock of its own. */
import type { PriceTick } from '../../../../shared/domain/prices/price-tick.ts';
import {
  type DropReason,
  TRUST_DEFAULTS,
  TrustFilter,
} from '../../../../shared/domain/prices/trust-filter.ts';
import type { Units } from '../../../../shared/domain/triggers/types.ts';

export function aPrint(id: number, bid: number, ask: number, last: number, quoted = true): PriceTick {
  const prices = { bid: bid as Units, ask: ask as Units, last: last as Units };
  return {
    tick: { id, ...prices, at: 0, bidSize: '1', askSize: '1', recordedAt: 0 },
    bid: String(bid),
    ask: String(ask),
    last: String(last),
    quoted,
  };
}

export class Desk {
  readonly passed: number[] = [];
  readonly prices: (readonly number[])[] = [];
  readonly checked: boolean[] = [];
  readonly dropped: (readonly [number, DropReason])[] = [];
  readonly held: number[] = [];
  /** The longest that a tick waited. */
  longest = 0;
  now = 1_000_000;
  nextId = 1;
  readonly filter: TrustFilter<PriceTick>;

  constructor(lastId = -1) {
    this.filter = new TrustFilter<PriceTick>(lastId, TRUST_DEFAULTS, {
      pass: ({ tick, bid, ask, last }, checked) => {
        this.passed.push(tick.id);
        this.prices.push([tick.bid, tick.ask, tick.last]);
        if (`${bid} ${ask} ${last}` !== `${tick.bid} ${tick.ask} ${tick.last}`)
          throw new Error('text and units differ');
        this.checked.push(checked);
        this.longest = Math.max(this.longest, this.now - tick.at);
      },
      drop: ({ tick }, because) => void this.dropped.push([tick.id, because]),
      hold: ({ tick }) => void this.held.push(tick.id),
    });
  }

  take(print: PriceTick, more: Partial<PriceTick> = {}): void {
    this.nextId = print.tick.id + 1;
    this.filter.take({ ...print, ...more, tick: { ...print.tick, at: this.now } }, this.now);
  }

  /** Time goes by, and what is due is released when it is due. */
  pass(ms: number): void {
    const until = this.now + ms;
    for (let due = this.filter.dueAt; due !== null && due <= until; due = this.filter.dueAt) {
      this.now = Math.max(this.now, due);
      this.filter.release(this.now);
    }
    this.now = until;
  }
}

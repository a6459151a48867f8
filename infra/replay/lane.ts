/** One symbol's side of a replay: its trigger engine, and the price that stands. */
import type { Decimal } from '../../shared/domain/money/decimal.ts';
import { decimal } from '../../shared/domain/money/decimal.ts';
import type { SymbolSpec } from '../../shared/domain/symbol-spec.ts';
import { TriggerEngine } from '../../shared/domain/triggers/engine.ts';
import { priceOf } from '../../shared/domain/triggers/rules.ts';
import type { Hit, Level, PriceSource, Tick } from '../../shared/domain/triggers/types.ts';
import { unitsToDecimal } from '../../shared/domain/triggers/units.ts';
import type { CachedPrice } from '../../shared/ports/trigger-index.ts';
import type { Market } from '../../shared/venues/demo/matching.ts';

export class Lane {
  readonly spec: SymbolSpec;
  readonly engine = new TriggerEngine();
  /** Hits that are still to be decided, in order. */
  readonly hits: Hit[] = [];
  private standing: Tick | null = null;

  constructor(spec: SymbolSpec) {
    this.spec = spec;
  }

  apply(tick: Tick): void {
    this.standing = tick;
    for (const hit of this.engine.applyTicks([tick])) this.hits.push(hit);
  }

  /** Armed levels that the standing price has reached already become hits at once. */
  arm(
    levels: readonly Level[],
    remove: readonly { readonly member: string; readonly version: number }[],
  ): number {
    const armed = this.engine.arm(levels, remove);
    for (const hit of armed.hits) this.hits.push(hit);
    return armed.armedTick;
  }

  /** The last tick. @throws before the first */
  tick(): Tick {
    if (this.standing === null) throw new Error(`${this.spec.symbol} has no price yet`);
    return this.standing;
  }

  price(source: PriceSource): Decimal {
    return unitsToDecimal(priceOf(this.tick(), source), this.spec.unitExponent);
  }

  /** The last tick as the price cache would show it. */
  shown(): CachedPrice {
    const { id, at, bidSize, askSize } = this.tick();
    const [bid, ask, last] = (['bid', 'ask', 'last'] as const).map((side) => this.price(side).toFixed());
    if (bid === undefined || ask === undefined || last === undefined)
      throw new Error('a price has three sides');
    const { symbol } = this.spec;
    return {
      symbol,
      bid,
      ask,
      last,
      bidSize,
      askSize,
      source: 'replay',
      quoted: true,
      tickId: id,
      at,
      recordedAt: 0,
    };
  }

  /** Half of bid and ask, to the last digit: what holdings are valued at. */
  mark(): Decimal {
    return this.price('bid').plus(this.price('ask')).dividedBy(2);
  }

  /** What an order meets that no tick of its own decided. */
  market(): Market {
    const { bidSize, askSize, id } = this.tick();
    const size = (text: string): Decimal | null => (text === '' ? null : decimal(text));
    return {
      bid: this.price('bid'),
      ask: this.price('ask'),
      bidSize: size(bidSize),
      askSize: size(askSize),
      tickId: id,
    };
  }
}

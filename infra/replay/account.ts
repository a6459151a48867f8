/**
 * A demo account of one replayed position: the demo venue's own rules (shared/venues/demo) on a book in memory.
 *
 * It starts with more than the position can need: quote to buy with, and for a short the base that is sold first, as if
 * borrowed at no cost. Nothing here reads a clock.
 */
import { type Decimal, decimal, ZERO } from '../../shared/domain/money/decimal.ts';
import { ok, type Result } from '../../shared/domain/result.ts';
import type { SymbolSpec } from '../../shared/domain/symbol-spec.ts';
import type { ExecutionReport, Order, PositionSide } from '../../shared/domain/types.ts';
import type { DemoBalance, DemoOrder } from '../../shared/ports/demo-store.ts';
import { clientIdOf } from '../../shared/usecases/derive-ids.ts';
import {
  end,
  type Holding,
  isLive,
  type Market,
  type Terms,
  work,
} from '../../shared/venues/demo/matching.ts';
import { type PlaceRefusal, place } from '../../shared/venues/demo/placing.ts';
import { reportOf } from '../../shared/venues/demo/reports.ts';

export interface WalletTerms {
  /** Fraction of the value. */
  readonly feeRate: Decimal;
  readonly buyFeeIn: 'quote' | 'base';
}

/** What every account starts with, of either asset. */
const PLENTY = decimal('1000000000000');

export class ReplayAccount {
  private readonly walletId: string;
  private readonly spec: SymbolSpec;
  private readonly terms: WalletTerms;
  private readonly orders = new Map<string, DemoOrder>();
  private readonly startBase: Decimal;
  private base: DemoBalance;
  private quote: DemoBalance;

  constructor(walletId: string, spec: SymbolSpec, terms: WalletTerms, side: PositionSide) {
    const balance = (asset: string, free: Decimal) => ({ asset, version: 0, free, locked: ZERO });
    this.walletId = walletId;
    this.spec = spec;
    this.terms = terms;
    this.startBase = side === 'short' ? PLENTY : ZERO;
    this.base = balance(spec.base, this.startBase);
    this.quote = balance(spec.quote, PLENTY);
  }

  /** The claimed order meets this price; the answer tells of its trades. */
  place(order: Order, market: Market, now: number): Result<ExecutionReport, PlaceRefusal> {
    if (order.send === null) throw new Error(`${order.orderId} was not claimed`);
    const request = {
      ...order,
      clientId: clientIdOf(order),
      signedAt: order.send.signedAt,
      recvWindowMs: order.send.recvWindowMs,
      rank: order.role,
      trigger: order.exit?.trigger ?? null,
      margin: null,
    };
    const { base, quote } = this;
    const placed = place(request, this.walletId, { base, quote, margin: null }, market, this.termsAt(now));
    return placed.ok ? ok(this.keep(placed.value)) : placed;
  }

  /** A tick has reached a resting order; null when it changes nothing. */
  work(order: Order, market: Market, reached: Decimal, now: number): ExecutionReport | null {
    const holding = this.holding(order);
    const after = work(holding, market, reached, this.termsAt(now));
    return after === holding ? null : this.keep(after);
  }

  /** Null when it is not live any more. */
  cancel(order: Order, now: number): ExecutionReport | null {
    const holding = this.holding(order);
    if (!isLive(holding.order)) return null;
    return this.keep(end(holding, 'cancelled', 'cancelled', this.termsAt(now)));
  }

  isLive(order: Order): boolean {
    return isLive(this.holding(order).order);
  }

  /** What has come in (or gone out) since the start, of both assets. */
  moved(): { readonly base: Decimal; readonly quote: Decimal; readonly locked: Decimal } {
    const total = ({ free, locked }: DemoBalance): Decimal => free.plus(locked);
    return {
      base: total(this.base).minus(this.startBase),
      quote: total(this.quote).minus(PLENTY),
      locked: this.base.locked.plus(this.quote.locked),
    };
  }

  private holding(order: Order): Holding {
    const found = this.orders.get(clientIdOf(order));
    if (found === undefined) throw new Error(`the account does not know ${order.orderId}`);
    return { order: found, base: this.base, quote: this.quote, margin: null, fills: [] };
  }

  private keep(after: Holding): ExecutionReport {
    this.orders.set(after.order.clientId, after.order);
    this.base = after.base;
    this.quote = after.quote;
    return reportOf(this.walletId, after.order, after.fills, 'stream');
  }

  private termsAt(now: number): Terms {
    return { spec: this.spec, ...this.terms, now };
  }
}

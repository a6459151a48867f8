/**
 * A demo account of one replayed position: the demo venue's own rules (shared/venues/demo) on a book in memory.
 *
 * It starts with more than the position can need of quote, to buy with or to put up as collateral, and with none of the
 * base: what is sold short is lent. Nothing here reads a clock.
 */
import { type Decimal, decimal, ZERO } from '../../shared/domain/money/decimal.ts';
import { ok, type Result } from '../../shared/domain/result.ts';
import type { SymbolSpec } from '../../shared/domain/symbol-spec.ts';
import type { ExecutionReport, Order } from '../../shared/domain/types.ts';
import type { DemoBalance, DemoMargin, DemoOrder } from '../../shared/ports/demo-store.ts';
import { clientIdOf } from '../../shared/usecases/derive-ids.ts';
import { marginRequest } from '../../shared/usecases/margin-request.ts';
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

/** What every account starts with, of the quote. */
const PLENTY = decimal('1000000000000');

export class ReplayAccount {
  private readonly walletId: string;
  private readonly spec: SymbolSpec;
  private readonly terms: WalletTerms;
  private readonly orders = new Map<string, DemoOrder>();
  private base: DemoBalance;
  private quote: DemoBalance;
  private lent: DemoMargin | null = null;

  constructor(walletId: string, spec: SymbolSpec, terms: WalletTerms) {
    const balance = (asset: string, free: Decimal) => ({ asset, version: 0, free, locked: ZERO });
    this.walletId = walletId;
    this.spec = spec;
    this.terms = terms;
    this.base = balance(spec.base, ZERO);
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
      margin: marginRequest(order),
    };
    const { base, quote, lent } = this;
    const placed = place(request, this.walletId, { base, quote, margin: lent }, market, this.termsAt(now));
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

  /** What it holds or owes on margin, by the venue's account; null = it has never traded on margin. */
  get margin(): DemoMargin | null {
    return this.lent;
  }

  /** What has come in (or gone out) since the start, of both assets; on margin base never does. */
  moved(): { readonly base: Decimal; readonly quote: Decimal; readonly locked: Decimal } {
    const total = ({ free, locked }: DemoBalance): Decimal => free.plus(locked);
    return {
      base: total(this.base),
      quote: total(this.quote).minus(PLENTY),
      locked: this.base.locked.plus(this.quote.locked),
    };
  }

  private holding(order: Order): Holding {
    const found = this.orders.get(clientIdOf(order));
    if (found === undefined) throw new Error(`the account does not know ${order.orderId}`);
    const { base, quote, lent } = this;
    return { order: found, base, quote, margin: found.margin === null ? null : lent, fills: [] };
  }

  private keep(after: Holding): ExecutionReport {
    this.orders.set(after.order.clientId, after.order);
    this.base = after.base;
    this.quote = after.quote;
    if (after.margin !== null) this.lent = after.margin;
    return reportOf(this.walletId, after.order, after.fills, 'stream');
  }

  private termsAt(now: number): Terms {
    return { spec: this.spec, ...this.terms, now };
  }
}

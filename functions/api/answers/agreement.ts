/**
 * The answers' schemas and the views that make the answers are the same, by the compiler: a field that one of them has
 * and the other has not, or has in another form, does not compile. Types only.
 */
import type * as z from 'zod';
import type { FilterKind } from '../../../shared/domain/symbol-rules.ts';
import type { deliveryView, webhookView } from '../../../shared/usecases/push/webhooks.ts';
import type { cancelAllView } from '../../../shared/usecases/views/cancel-all-view.ts';
import type { clientView } from '../../../shared/usecases/views/client-view.ts';
import type { closeWarningView } from '../../../shared/usecases/views/close-warning.ts';
import type { makeReadHealth } from '../../../shared/usecases/views/health-view.ts';
import type { limitsView } from '../../../shared/usecases/views/limits-view.ts';
import type { fillView, OrderView } from '../../../shared/usecases/views/order-view.ts';
import type { positionDetail, positionView } from '../../../shared/usecases/views/position-view.ts';
import type { previewView } from '../../../shared/usecases/views/preview-view.ts';
import type { priceView } from '../../../shared/usecases/views/price-view.ts';
import type { BarsPage } from '../../../shared/usecases/views/read-bars.ts';
import type { TimelinePage } from '../../../shared/usecases/views/read-timeline.ts';
import type { UpdatesPage } from '../../../shared/usecases/views/read-updates.ts';
import type { BalancesView, WalletPageView } from '../../../shared/usecases/views/read-wallets.ts';
import type { StatementView } from '../../../shared/usecases/views/reconcile-view.ts';
import type { SignalView } from '../../../shared/usecases/views/signal-view.ts';
import type { symbolDetail, symbolView } from '../../../shared/usecases/views/symbol-view.ts';
import type { triggerView } from '../../../shared/usecases/views/trigger-view.ts';
import type { pausedView, walletView } from '../../../shared/usecases/views/wallet-view.ts';
import type { auditView } from '../audit.ts';
import type * as access from './access.ts';
import type * as health from './health.ts';
import type * as history from './history.ts';
import type * as market from './market.ts';
import type * as orders from './orders.ts';
import type * as positions from './positions.ts';
import type * as reconcile from './reconcile.ts';
import type * as signals from './signals.ts';
import type * as wallets from './wallets.ts';

/** Of members that any text may name only the known ones are compared. */
type KnownKeys<T> = keyof { [K in keyof T as string extends K ? never : K]: T[K] };

/** Without what makes no difference in JSON: who may write to it, and `undefined`. */
export type Plain<T> = T extends readonly (infer Item)[]
  ? readonly Plain<Item>[]
  : T extends object
    ? KnownKeys<T> extends never
      ? { readonly [K in keyof T]: Plain<T[K]> }
      : { readonly [K in keyof T as string extends K ? never : K]: Plain<Exclude<T[K], undefined>> }
    : T;

/** What an answer of this schema is, as its maker writes it. */
export type AnswerOf<Schema extends z.ZodType> = Plain<z.output<Schema>>;

type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2
    ? true
    : { readonly schema: A; readonly view: B };

type Agree<Schema extends z.ZodType, View> = Same<AnswerOf<Schema>, Plain<View>>;
type Holds<Claim extends true> = Claim;

type Result<F extends (...given: never[]) => unknown> = ReturnType<F>;

/** Each line is a claim that the compiler checks. */
export type Agreement = [
  Holds<Agree<typeof orders.Order, OrderView>>,
  Holds<Agree<typeof orders.Fill, Result<typeof fillView>>>,
  Holds<Agree<typeof orders.Trigger, Result<typeof triggerView>>>,
  Holds<Agree<typeof orders.CancelledAll, Result<typeof cancelAllView>>>,
  Holds<Agree<typeof orders.Preview, Result<typeof previewView>>>,
  Holds<Agree<typeof positions.PositionSummary, Result<typeof positionView>>>,
  Holds<Agree<typeof positions.Position, Result<typeof positionDetail>>>,
  Holds<Agree<typeof positions.CloseWarning, Result<typeof closeWarningView>>>,
  Holds<Agree<typeof signals.Signal, SignalView>>,
  Holds<Agree<typeof wallets.Wallet, Result<typeof walletView>>>,
  Holds<Agree<typeof wallets.WalletDetail, WalletPageView>>,
  Holds<Agree<typeof wallets.PausedWallet, Result<typeof pausedView>>>,
  Holds<Agree<typeof wallets.Balances, BalancesView>>,
  Holds<Agree<typeof wallets.WalletLimits, Result<typeof limitsView>>>,
  Holds<Agree<typeof reconcile.Statement, StatementView>>,
  Holds<Agree<typeof access.Client, Result<typeof clientView>>>,
  Holds<Agree<typeof access.AuditRecord, Result<typeof auditView>>>,
  Holds<Agree<typeof access.Webhook, Result<typeof webhookView>>>,
  Holds<Agree<typeof access.Delivery, Result<typeof deliveryView>>>,
  Holds<Agree<typeof market.Price, Result<typeof priceView>>>,
  Holds<Same<Omit<AnswerOf<typeof market.Bars>, 'next_cursor'>, Plain<Omit<BarsPage['body'], ''>>>>,
  Holds<Agree<typeof market.SymbolSummary, Result<typeof symbolView>>>,
  Holds<Agree<typeof market.SymbolDetail, Result<typeof symbolDetail>>>,
  Holds<Same<AnswerOf<typeof market.SymbolFilter>['kind'], FilterKind>>,
  Holds<Same<Omit<AnswerOf<typeof history.Timeline>, 'next_cursor'>, Plain<Omit<TimelinePage['body'], ''>>>>,
  Holds<Same<Omit<AnswerOf<typeof history.Updates>, 'next_cursor'>, Plain<Omit<UpdatesPage['body'], ''>>>>,
  Holds<Agree<typeof health.ServiceHealth, Awaited<ReturnType<ReturnType<typeof makeReadHealth>>>>>,
];

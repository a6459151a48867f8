/** What would become of an order: every check of placing it, without writing or sending anything (design section 5). */
import { claimPart } from '../domain/exits.ts';
import type { Decimal } from '../domain/money/decimal.ts';
import { amountsOf } from '../domain/order-fields.ts';
import { ok, type Result } from '../domain/result.ts';
import { worthLeft } from '../domain/risk/use.ts';
import type { RuleCheck } from '../domain/rule-check.ts';
import type { SymbolSpec } from '../domain/symbol-spec.ts';
import type { OrderAmounts, Protection, Wallet } from '../domain/types.ts';
import { addsTo, checkAddition, entryAsks, worthOf } from './check-addition.ts';
import { checkClient } from './check-client.ts';
import { asksForShort, checkExitMargin } from './check-margin.ts';
import {
  type CheckedAmounts,
  checkAdded,
  checkAmounts,
  checkEntry,
  checkForm,
  checkTarget,
  checkWallet,
  refuseShort,
  type Target,
  targetOf,
} from './check-order.ts';
import { type RiskVerdict, riskOf, riskRefusal } from './check-risk.ts';
import type { PlaceOrderCommand, PlaceOrderNeeds } from './place-command.ts';
import { refusePart } from './place-exit.ts';
import { fromField, type Refusal } from './refusal.ts';
import { refusePaused } from './refuse-paused.ts';
import { askForRules } from './stale-rules.ts';

export interface PreviewWarning {
  readonly code: 'rounded' | 'rule_uncertain' | 'rule_not_checked' | 'would_match' | 'no_price';
  readonly message: string;
}

export interface Preview {
  readonly wallet: Wallet;
  readonly spec: SymbolSpec;
  readonly command: PlaceOrderCommand;
  readonly role: 'entry' | 'exit';
  readonly asked: OrderAmounts;
  readonly sent: OrderAmounts;
  /** On the order's side, now; null without a price. */
  readonly market: Decimal | null;
  readonly checks: readonly RuleCheck[];
  readonly protection: Protection | null;
  /** What the wallet's limits say; null of an exit, and where something else refuses first. */
  readonly risk: RiskVerdict | null;
  /** What it would tie up, and where it would be liquidated if it opened now; null of one that is not on margin. */
  readonly margin: {
    readonly leverage: number;
    readonly worth: Decimal;
    readonly liquidation: Decimal | null;
  } | null;
  /** Why it would be refused; null when it would be taken. */
  readonly refusal: Refusal | null;
  readonly warnings: readonly PreviewWarning[];
}

type EntryVerdict = Pick<Preview, 'refusal' | 'protection' | 'risk' | 'margin'>;
const NO_VERDICT: EntryVerdict = { refusal: null, protection: null, risk: null, margin: null };

export type PreviewOrder = ReturnType<typeof makePreviewOrder>;

export function makePreviewOrder(ports: PlaceOrderNeeds) {
  const { ledger, served, clock } = ports;

  async function exitRefusal(
    command: PlaceOrderCommand,
    positionId: string,
    { spec }: Target,
    { sent, refusal }: CheckedAmounts,
  ): Promise<Refusal | null> {
    const plain = checkExitMargin(command);
    if (!plain.ok) return plain.error;
    const target = checkTarget(command, await ledger.position(positionId), spec);
    if (!target.ok) return target.error;
    if (refusal !== null) return fromField(refusal);
    const claim = { orderId: 'preview', quantity: sent.quantity, cause: 'manual', levelName: null } as const;
    const claimed = claimPart(target.value, { ...claim, at: clock.now() }, spec);
    return claimed.ok ? null : refusePart(claimed.error, target.value).error;
  }

  async function entryRefusal(
    command: PlaceOrderCommand,
    target: Target,
    found: CheckedAmounts,
  ): Promise<EntryVerdict> {
    const { wallet, spec } = target;
    const adds = addsTo(command);
    const added = adds === null ? null : checkAddition(command, await ledger.position(adds), spec);
    if (added?.ok === false) return { ...NO_VERDICT, refusal: added.error };
    const position = added?.value ?? null;
    const held = position && (await worthOf(ledger, position));
    const allowed = checkWallet(wallet, served);
    if (!allowed.ok) {
      return { ...NO_VERDICT, refusal: await refusePaused(ports, target, found, allowed.error, held) };
    }
    if (position === null && command.side === 'sell' && !asksForShort(command)) {
      return { ...NO_VERDICT, refusal: (await refuseShort(ports, command, spec)).error };
    }
    const entry =
      position === null
        ? checkEntry(command, target, found, ports.clock.now())
        : checkAdded(command, position, spec, found);
    if (!entry.ok) return { ...NO_VERDICT, refusal: entry.error };
    const worth = worthLeft(found.sent, found.market);
    const { walletId } = wallet;
    const asked = { walletId, symbol: spec.symbol, quote: spec.quote, ...entryAsks(worth, held) };
    const risk = await riskOf(ports, asked);
    const client = await checkClient(ports, command.clientId, { ...asked, position: worth });
    const ofClient = client.ok ? null : client.error;
    const refusal = risk.broken.length > 0 ? riskRefusal(risk.broken).error : ofClient;
    const { protection, margin, liquidation } = entry.value;
    return { refusal, protection, risk, margin: margin && { leverage: margin.leverage, worth, liquidation } };
  }

  /** Refused only where there is nothing to preview: no such wallet, no such symbol. */
  return async (command: PlaceOrderCommand): Promise<Result<Preview, Refusal>> => {
    const target = await targetOf(ports, command);
    if (!target.ok) return target;
    const { wallet, spec } = target.value;
    const form = checkForm(command, target.value);
    const found = await checkAmounts(ports, command, spec);
    const { positionId } = command;
    const isEntry = positionId === null || addsTo(command) !== null;
    const decided = isEntry
      ? await entryRefusal(command, target.value, found)
      : { ...NO_VERDICT, refusal: await exitRefusal(command, positionId, target.value, found) };
    const refusal = form.ok ? decided.refusal : form.error;
    if (refusal !== null) await askForRules(ports, wallet.environment, refusal);
    return ok({
      wallet,
      spec,
      command,
      role: isEntry ? 'entry' : 'exit',
      asked: amountsOf(command),
      sent: found.sent,
      market: found.market,
      checks: found.checks,
      protection: decided.protection,
      risk: decided.risk,
      margin: decided.margin,
      refusal,
      warnings: warningsOf(command, found),
    });
  };
}

function warningsOf(command: PlaceOrderCommand, found: CheckedAmounts): readonly PreviewWarning[] {
  const { sent, checks, market } = found;
  const warnings: PreviewWarning[] = [];
  for (const [field, asked, goes] of [
    ['quantity', command.quantity, sent.quantity],
    ['quote_quantity', command.quoteQuantity, sent.quoteQuantity],
    ['limit_price', command.limitPrice, sent.limitPrice],
    ['stop_price', command.stopPrice, sent.stopPrice],
    ['stop_limit_price', command.stopLimitPrice, sent.stopLimitPrice],
  ] as const) {
    if (asked === null || goes === null || asked.equals(goes)) continue;
    warnings.push({
      code: 'rounded',
      message: `${field} ${asked.toFixed()} would be sent as ${goes.toFixed()}`,
    });
  }
  for (const { rule, outcome, error, why } of checks) {
    if (outcome === 'uncertain' && error !== null) {
      warnings.push({ code: 'rule_uncertain', message: `${rule}: ${error.message}; the venue decides` });
    }
    if (outcome === 'not_checked') {
      warnings.push({ code: 'rule_not_checked', message: `${rule}: ${why ?? 'not checked'}` });
    }
  }
  if (market === null) {
    warnings.push({ code: 'no_price', message: 'no current price: what depends on it was not checked' });
  } else if (command.type === 'limit_maker' && sent.limitPrice !== null) {
    const takes =
      command.side === 'buy'
        ? sent.limitPrice.greaterThanOrEqualTo(market)
        : sent.limitPrice.lessThanOrEqualTo(market);
    if (takes) warnings.push({ code: 'would_match', message: 'it would match at once, and so be refused' });
  }
  return warnings;
}

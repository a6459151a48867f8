/** Another protection of a position, checked against its symbol and the market, ready to be committed (design section 9). */
import { checkProtection, checkTrailed } from '../domain/check-protection.ts';
import { checkConfirmation, confirmationText } from '../domain/confirmation.ts';
import { liveEntryIds } from '../domain/entry-ids.ts';
import { checkStopBefore, liquidationPrice } from '../domain/margin.ts';
import type { Decimal } from '../domain/money/decimal.ts';
import { changeProtection, hasSameLevels, roundProtection } from '../domain/protection.ts';
import { ok, type Result } from '../domain/result.ts';
import { checkLimitOnMargin, checkStopLimit, stopLimitText } from '../domain/stop-limit.ts';
import { checkTimeStop, timeStopText } from '../domain/time-stop.ts';
import type { Position, Protection } from '../domain/types.ts';
import { specOf } from './change-order.ts';
import { currentPrice, entryReference, protectionReference } from './market-reference.ts';
import type { Ports } from './ports.ts';
import { fromField, type Refusal, refuse } from './refusal.ts';

type Needs = Pick<Ports, 'ledger' | 'prices' | 'symbols' | 'clock' | 'sleep'>;

export interface PreparedProtection {
  /** The very same position when there is nothing to change. */
  readonly changed: Position;
  readonly wanted: Protection;
}

/** `apply`: what becomes of the position with its new protection; by default what a person asks for. */
export async function prepareProtection(
  ports: Needs,
  before: Position,
  change: Partial<Protection>,
  of: { readonly now: number; readonly apply?: (wanted: Protection) => Promise<Position> | Position },
): Promise<Result<PreparedProtection, Refusal>> {
  const { now, apply = (wanted) => changeProtection(before, wanted, now) } = of;
  const spec = await specOf(ports.symbols, before);
  const asked = { ...before.protection, ...change };
  const wanted = roundProtection(asked, before.side, spec);
  const changed = await apply(wanted);
  if (changed === before) return ok({ changed, wanted });
  const late = 'timeStop' in change ? checkTimeStop(wanted.timeStop, before.openedAt, now) : null;
  const [unusable] = [...checkConfirmation(wanted), ...checkStopLimit(wanted)];
  const wrongRule = late ?? unusable ?? checkLimitOnMargin(wanted, before.margin);
  if (wrongRule !== null) return { ok: false, error: fromField(wrongRule) };
  // No level is another one: that asks for no price.
  if (hasSameLevels(before.protection, wanted)) return ok({ changed, wanted });
  const reference = await referenceOf(ports, before, wanted);
  if (reference === null) {
    const message = `there is no current price of ${before.symbol}`;
    return refuse('no_price', null, message, 'try again in a moment; prices have been asked for');
  }
  // A rung that is claimed already lies behind the market, and asks for nothing any more.
  const isDone = (field: string) =>
    changed.claimedRungs.some((i) => field.startsWith(`protection.take_profits.${i}.`));
  // An activation that was there before may lie behind the market: the stop has begun to trail since.
  const isStanding = (code: string) => code === 'activation_wrong_side' && keepsActivation(before, wanted);
  const errors = checkProtection(asked, before.side, spec, reference).filter(
    (e) => !isDone(e.field) && !isStanding(e.code),
  );
  const isTrailedOn = changed.armings['trailing_stop'] !== before.armings['trailing_stop'];
  // Of one that holds nothing yet the venue's fills say where it lies: then it is a rule of the entry alone.
  const early =
    'stopLoss' in change ? checkStopBefore(wanted, before.side, liquidationPrice(before, spec)) : null;
  const wrong = errors[0] ?? early ?? (isTrailedOn ? checkTrailed(changed, reference) : null);
  return wrong === null ? ok({ changed, wanted }) : { ok: false, error: fromField(wrong) };
}

function keepsActivation({ protection }: Position, { trailingStop }: Protection): boolean {
  const from = trailingStop?.activationPrice ?? null;
  return from !== null && protection.trailingStop?.activationPrice?.equals(from) === true;
}

/** The market as the new levels see it: the entry's own price while nothing is held. */
async function referenceOf(ports: Needs, position: Position, wanted: Protection): Promise<Decimal | null> {
  const price = await currentPrice(ports, position.symbol);
  const market = price && protectionReference(price, position.side, wanted);
  if (!position.quantity.isZero()) return market;
  const entry = await ports.ledger.order(liveEntryIds(position)[0] ?? position.entryOrderId);
  return entry === null ? market : entryReference(entry, market);
}

/** A protection as a timeline entry shows it. */
export function protectionFacts(p: Protection): Readonly<Record<string, string>> {
  const { stopLoss, takeProfits, trailingStop, breakEven } = p;
  const distance = trailingStop?.distance;
  const rungs = takeProfits.map((t) => `${t.price.toFixed()} x ${t.share.toFixed()}`);
  return {
    stop_loss: stopLoss?.price.toFixed() ?? 'none',
    take_profits: rungs.length === 0 ? 'none' : rungs.join(', '),
    trailing_stop:
      distance === undefined
        ? 'none'
        : 'percent' in distance
          ? `${distance.percent.toFixed()} %`
          : distance.amount.toFixed(),
    break_even: breakEven === null ? 'none' : `at ${breakEven.activationProfitPercent.toFixed()} %`,
    time_stop: timeStopText(p.timeStop),
    confirmation: confirmationText(p),
    stop_limit: stopLimitText(p),
    trigger_price: p.triggerPrice,
    resident: p.resident,
  };
}

/**
 * Whether a replay's numbers agree, reckoned from the accounts' balances and the decisions' own facts: no sale of what
 * was not bought, no coin that appears or is lost, no exit whose level its price had not reached; on margin nothing owed
 * or put up but what the position says.
 */
import { marginUsed } from '../../shared/domain/margin.ts';
import { type Decimal, decimal, ZERO } from '../../shared/domain/money/decimal.ts';
import { isClosed, oversold } from '../../shared/domain/positions.ts';
import type { Position, PositionSide } from '../../shared/domain/types.ts';
import type { DemoMargin } from '../../shared/ports/demo-store.ts';
import type { Decision, Desk } from './desk.ts';
import type { HeldPosition } from './held-position.ts';

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** What disagrees; for a good check, what was compared. */
  readonly detail: string;
}

/** So many of the things that disagree are named. */
const MOST_NAMED = 5;

function check(name: string, compared: string, wrong: readonly string[]): Check {
  const more = wrong.length > MOST_NAMED ? `; and ${wrong.length - MOST_NAMED} more` : '';
  const detail = wrong.length === 0 ? compared : `${wrong.slice(0, MOST_NAMED).join('; ')}${more}`;
  return { name, ok: wrong.length === 0, detail };
}

export function checkDesk({ positions, decisions }: Desk): readonly Check[] {
  const held = positions.flatMap((one) => (one.position === null ? [] : [{ one, position: one.position }]));
  const count = `${held.length} positions`;
  const each = (wrong: (one: HeldPosition, p: Position) => string | null): readonly string[] =>
    held.flatMap(({ one, position }) => {
      const text = wrong(one, position);
      return text === null ? [] : [`${one.plan.name}: ${text}`];
    });
  const sides = new Map(positions.map(({ plan }) => [plan.name, plan.side]));
  const triggered = decisions.filter(({ facts }) => facts['level'] !== undefined);
  return [
    check('cash + holdings at cost = start + P&L, to the last digit', count, each(wrongCash)),
    check(
      'nothing was sold that was not held, nothing is held back for a closed position',
      count,
      each(wrongHolding),
    ),
    check(
      'each price reached its level, at a tick after the arming',
      `${triggered.length} decisions by price`,
      triggered.flatMap((decision) => wrongTrigger(decision, sides.get(decision.position) ?? 'long')),
    ),
  ];
}

/** What the account's quote has moved by, against what the position says. */
function wrongCash({ account }: HeldPosition, p: Position): string | null {
  // On margin what was bought with is borrowed, and what a sale brought is kept by the venue.
  const invested = p.margin === null ? p.cost.plus(p.dust?.cost ?? ZERO) : ZERO;
  const expected = p.realizedPnl.minus(invested).minus(p.openFees);
  const { quote } = account.moved();
  return quote.equals(expected)
    ? null
    : `the account moved by ${quote.toFixed()} ${p.quote}, the position says ${expected.toFixed()}`;
}

function wrongHolding({ account }: HeldPosition, p: Position): string | null {
  const { base, locked } = account.moved();
  if (p.margin !== null) return wrongMargin(account.margin, p) ?? wrongLock(p, locked);
  const expected = p.quantity.plus(p.dust?.quantity ?? ZERO);
  if (!base.equals(expected)) {
    return `the account holds ${base.toFixed()} ${p.base}, the position ${expected.toFixed()}`;
  }
  if (oversold(p).greaterThan(0)) return `${oversold(p).toFixed()} ${p.base} sold beyond what was bought`;
  return wrongLock(p, locked);
}

const wrongLock = (p: Position, locked: Decimal): string | null =>
  isClosed(p) && !locked.isZero() ? `${locked.toFixed()} is still held back` : null;

/** What is owed or held at the venue, and what is put up for it. */
function wrongMargin(there: DemoMargin | null, p: Position): string | null {
  const [quantity, cost] = [there?.quantity ?? ZERO, there?.cost ?? ZERO];
  if (!quantity.equals(p.quantity) || !cost.equals(p.cost)) {
    return `${quantity.toFixed()} ${p.base} at ${cost.toFixed()} at the venue, ${p.quantity.toFixed()} at ${p.cost.toFixed()} by the position`;
  }
  const [collateral, expected] = [there?.collateral ?? ZERO, marginUsed(p)];
  return collateral.equals(expected) ? null : `${collateral.toFixed()} is put up, not ${expected.toFixed()}`;
}

/** By the facts of the decision alone: which way its level lies shows in its name and the price it closes at. */
function wrongTrigger({ position, kind, facts }: Decision, side: PositionSide): readonly string[] {
  const { level_name: name = '', level = '', price = '', cause } = facts;
  const isTarget = name.startsWith('take_profit') || name === 'break_even_trigger';
  const falls = (side === 'long') !== isTarget;
  const isBack = kind === 'stop_not_confirmed';
  if (isBack && falls === decimal(price).lessThanOrEqualTo(level))
    return [`${position}: ${name} at ${level} was still reached by ${price}`];
  if (isBack) return [];
  const reached = falls
    ? decimal(price).lessThanOrEqualTo(level)
    : decimal(price).greaterThanOrEqualTo(level);
  const wrong = reached ? [] : [`${position}: ${name} at ${level} was not reached by ${price}`];
  const [tick, armed] = [Number(facts['tick_id']), Number(facts['armed_tick_id'])];
  const isLater = cause === 'armed' ? tick >= armed : tick > armed;
  return isLater ? wrong : [...wrong, `${position}: ${name} armed at tick ${armed}, reached by tick ${tick}`];
}

/**
 * Whether the numbers agree, to the last digit: fills against quantities, fills against P&L, P&L against the
 * wallet's balances, triggers against their levels. Reckoned here from the fills alone, by nobody else's code.
 */
import { type Decimal, decimal, decimalText, sum, ZERO } from '../../../shared/domain/money/decimal.ts';
import { type BalanceEntry, type ExitEntry, type PositionEntry, total } from './document.ts';

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** What disagrees; for a good check, what was compared. */
  readonly detail: string;
}

type Fills = PositionEntry['entry']['fills'];

const check = (name: string, wrong: readonly string[], compared: string): Check => ({
  name,
  ok: wrong.length === 0,
  detail: wrong.length === 0 ? compared : wrong.join('; '),
});

export function checkAll(
  positions: readonly PositionEntry[],
  balances: readonly BalanceEntry[],
): readonly Check[] {
  const exits = positions.flatMap((position) => position.exits.map((exit) => ({ position, exit })));
  const each = (wrong: (position: PositionEntry) => string | null): string[] =>
    positions.flatMap((position) => {
      const text = wrong(position);
      return text === null ? [] : [`${position.kind} (${position.position_id}): ${text}`];
    });
  const count = `${positions.length} positions`;
  return [
    check(
      'every position is closed',
      each(({ status }) => (status === 'closed' ? null : `is ${status}`)),
      count,
    ),
    check('what was bought was sold, less fees in the asset and dust', each(wrongQuantity), count),
    check('realized P&L = sales - purchases - fees, from the fills', each(wrongPnl), count),
    check('each cause made one exit order', each(doubledExit), `${exits.length} exits`),
    check(
      'each trigger price reached its level, by a tick after the arming',
      exits.flatMap(({ position, exit }) => wrongTrigger(position, exit)),
      `${exits.filter(({ exit }) => exit.level_name !== null).length} triggered exits`,
    ),
    check(
      'start + P&L = end, and nothing is held back',
      balances.flatMap((balance) => wrongBalance(balance, positions)),
      balances.map(({ asset, change }) => `${asset} ${change}`).join(', '),
    ),
  ];
}

const baseOf = ({ symbol }: PositionEntry): string => symbol.split('/')[0] ?? '';
const quoteOf = ({ symbol }: PositionEntry): string => symbol.split('/')[1] ?? '';
const sold = ({ exits }: PositionEntry): Fills => exits.flatMap(({ fills }) => fills);
const quantity = (fills: Fills): Decimal => total(fills.map((fill) => fill.quantity));
const value = (fills: Fills): Decimal => sum(fills.map((fill) => decimal(fill.price).times(fill.quantity)));
const feesIn = (fills: Fills, asset: string): Decimal =>
  total(fills.filter((fill) => fill.fee_asset === asset).map((fill) => fill.fee));

function wrongQuantity(position: PositionEntry): string | null {
  const { fills } = position.entry;
  if (fills.length === 0) return 'has no entry fill';
  const left = quantity(fills)
    .minus(feesIn(fills, baseOf(position)))
    .minus(quantity(sold(position)));
  const dust = position.dust === null ? ZERO : decimal(position.dust.amount);
  return left.equals(dust) ? null : `${decimalText(left)} is left, dust is ${decimalText(dust)}`;
}

/** Dust keeps its cost, so that much of the purchase is not yet lost. */
function wrongPnl(position: PositionEntry): string | null {
  const [bought, sales] = [position.entry.fills, sold(position)];
  const expected = value(sales)
    .minus(value(bought))
    .minus(feesIn([...bought, ...sales], quoteOf(position)))
    .plus(position.dust === null ? ZERO : decimal(position.dust.cost));
  return expected.equals(decimal(position.realized_pnl))
    ? null
    : `${position.realized_pnl} is reported, ${decimalText(expected)} follows from the fills`;
}

function doubledExit({ exits }: PositionEntry): string | null {
  const triggered = exits.flatMap(({ level_name: name }) => (name === null ? [] : [name]));
  const doubled = triggered.filter((name, at) => triggered.indexOf(name) !== at);
  // A full exit may need further orders (slices, what was freed later); parts never do.
  const parts = doubled.filter((name) => exits.some((exit) => exit.level_name === name && !exit.full));
  return parts.length === 0 ? null : `${parts.join(', ')} sold more than once`;
}

function wrongTrigger({ side, kind }: PositionEntry, exit: ExitEntry): readonly string[] {
  const { level_name: name, level, trigger_price: price } = exit;
  if (name === null || level === null || price === null) return [];
  const isTarget = name.startsWith('take_profit');
  const falls = (side === 'long') !== isTarget;
  const reached = falls
    ? decimal(price).lessThanOrEqualTo(level)
    : decimal(price).greaterThanOrEqualTo(level);
  const wrong = reached ? [] : [`${kind}: ${name} at ${level} was not reached by ${price}`];
  const [tick, armed] = [exit.trigger_tick_id ?? 0, exit.arming_tick_id ?? 0];
  const isLater = exit.trigger_cause === 'armed' ? tick >= armed : tick > armed;
  return isLater ? wrong : [...wrong, `${kind}: ${name} was armed at tick ${armed}, reached by tick ${tick}`];
}

/** Per asset: what the fills moved must be what the balance moved. */
function wrongBalance(balance: BalanceEntry, positions: readonly PositionEntry[]): readonly string[] {
  const { asset } = balance;
  const moved = sum(
    positions.map((position) => {
      const [bought, sales] = [position.entry.fills, sold(position)];
      const fees = feesIn([...bought, ...sales], asset);
      if (baseOf(position) === asset) return quantity(bought).minus(quantity(sales)).minus(fees);
      if (quoteOf(position) === asset) return value(sales).minus(value(bought)).minus(fees);
      return fees.negated();
    }),
  );
  const wrong: string[] = [];
  if (!decimal(balance.start).plus(moved).equals(decimal(balance.end))) {
    wrong.push(`${asset}: ${balance.start} + ${decimalText(moved)} from the fills is not ${balance.end}`);
  }
  if (!decimal(balance.locked).isZero()) wrong.push(`${asset}: ${balance.locked} is still held back`);
  // Where an asset is only a quote, the P&L that positions report must be the whole change.
  if (!positions.some((position) => baseOf(position) === asset)) {
    const ofAsset = positions.filter((position) => quoteOf(position) === asset);
    const pnl = total(ofAsset.map((position) => position.realized_pnl));
    const dust = total(ofAsset.flatMap((position) => position.dust?.cost ?? []));
    const end = decimal(balance.start).plus(pnl).minus(dust);
    if (!end.equals(decimal(balance.end))) {
      wrong.push(`${asset}: ${balance.start} + P&L ${decimalText(pnl)} is not ${balance.end}`);
    }
  }
  return wrong;
}

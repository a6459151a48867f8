/** An order that adds to a position (scaling in): which position takes it, and what the whole is worth then (design section 8). */
import { liveEntryIds, MOST_FURTHER, MOST_FURTHER_LIVE } from '../domain/entry-ids.ts';
import type { Decimal } from '../domain/money/decimal.ts';
import { isClosed } from '../domain/positions.ts';
import { ok, type Result } from '../domain/result.ts';
import { reservedInQuote } from '../domain/risk/use.ts';
import type { SymbolSpec } from '../domain/symbol-spec.ts';
import type { Position } from '../domain/types.ts';
import type { Ledger } from '../ports/ledger.ts';
import { namedPosition } from './check-order.ts';
import type { PlaceOrderCommand } from './place-command.ts';
import { alreadyClosing, type Refusal, refuse } from './refusal.ts';

/** The position that it adds to; null: it opens one of its own, or is an exit. */
export const addsTo = ({ positionId, positionEffect }: PlaceOrderCommand): string | null =>
  positionEffect === 'open' ? positionId : null;

/** The position that the order names, if it may be added to. */
export function checkAddition(
  command: PlaceOrderCommand,
  found: Position | null,
  spec: SymbolSpec,
): Result<Position, Refusal> {
  const named = namedPosition(command, found, spec);
  if (!named.ok) return named;
  const position = named.value;
  const opening = position.side === 'long' ? 'buy' : 'sell';
  if (command.side !== opening) {
    const message = `a ${position.side} position is added to by a ${opening}`;
    return refuse(
      'wrong_side',
      'side',
      message,
      `send ${opening}, or leave position_effect out to reduce it`,
    );
  }
  if (command.protection !== null) {
    const message = 'the position has its own protection, which counts for all of it';
    const fix = 'leave protection out; PATCH the position to change it';
    return refuse('protection_forbidden', 'protection', message, fix);
  }
  const terms = otherTerms(command, position);
  if (terms !== null) return terms;
  if (isClosed(position)) {
    const { status } = position;
    const fix = 'leave position_id out to open another one';
    return refuse('not_open', 'position_id', `the position is ${status}`, fix, { status });
  }
  if (position.flatten !== null) return alreadyClosing(position.flatten);
  return tooMany(position) ?? ok(position);
}

/** Whatever is on margin was decided when the position was opened; the same terms said again are no other ones. */
function otherTerms({ positionSide, leverage }: PlaceOrderCommand, { side, margin }: Position) {
  const own = margin?.leverage ?? 1;
  const isOther = { position_side: (positionSide ?? side) !== side, leverage: (leverage ?? own) !== own };
  const field = isOther.position_side ? 'position_side' : isOther.leverage ? 'leverage' : null;
  if (field === null) return null;
  const message = `the position is a ${side} with a leverage of ${own}, and what adds to it is as it is`;
  return refuse('margin_forbidden', field, message, `leave ${field} out, or open another position`);
}

function tooMany({ liveFurtherIds, furtherEntryIds }: Position) {
  const isLive = liveFurtherIds.length >= MOST_FURTHER_LIVE;
  if (!isLive && furtherEntryIds.length < MOST_FURTHER) return null;
  const [count, what, fix] = isLive
    ? [
        MOST_FURTHER_LIVE,
        'orders that add to the position are open',
        'cancel one, or wait until one has filled',
      ]
    : [MOST_FURTHER, 'orders have added to the position', 'open another position'];
  return refuse('too_many_entries', 'position_id', `${count} ${what}, as many as it takes`, fix);
}

/** What an entry of this worth asks of limits. `held`: what the position that it adds to is worth; null = it opens one. */
export const entryAsks = (worth: Decimal, held: Decimal | null) =>
  held === null
    ? ({ more: worth, position: worth, kind: 'position' } as const)
    : ({ more: worth, position: held.plus(worth), kind: 'order' } as const);

/** What the position has cost, and what its live entries may still buy, in quote. */
export async function worthOf(ledger: Pick<Ledger, 'orders'>, position: Position): Promise<Decimal> {
  const live = await ledger.orders(liveEntryIds(position));
  return live.reduce((worth, order) => worth.plus(reservedInQuote(order)), position.cost);
}

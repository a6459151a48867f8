/**
 * A position's protection as it is being changed: texts of fields, what of them is another value than before, and what that
 * sends. Prices go to the tick as the API takes them there, so that what is shown is what is sent.
 */

import type { AnswerTo, BodyOf } from '../../../../shared/client/contract.ts';
import { decimal, decimalText, parseDecimal } from '../../../../shared/domain/money/decimal.ts';
import { stopSent, targetSent } from '../../chart/draft.ts';
import { figureText } from '../../format/decimal-text.ts';
import { quoteOf } from '../../format/symbol-text.ts';
import { distancePercent, figuresAt } from '../../live/positions.ts';

export type Detail = AnswerTo<'getPosition'>;
export type ProtectionBody = BodyOf<'changeProtection'>;
type Rules = Detail['risk_management'];

export interface Rung {
  readonly price: string;
  /** Of the whole, in percent. */
  readonly percent: string;
  /** It has sold: it stays as it is. */
  readonly claimed: boolean;
}

/** What the fields hold; '' = without. */
export interface Draft {
  readonly stop_loss: string;
  readonly take_profits: readonly Rung[];
  readonly trail_by: 'percent' | 'amount';
  readonly trail: string;
  readonly trail_from: string;
  readonly even_at: string;
  readonly even_offset: string;
}

/** The stop loss that was set by hand: what stands may be the break-even stop instead. */
const stopLossOf = (risk: Rules): string =>
  risk.current_stop_level === 'stop_loss' ? (risk.current_stop_loss ?? '') : '';

export function draftOf({ risk_management: risk }: Pick<Detail, 'risk_management'>): Draft {
  const { trailing_stop: trailing, break_even: even } = risk;
  return {
    stop_loss: stopLossOf(risk),
    take_profits: risk.take_profits.map(({ price, share, claimed }) => ({
      price,
      percent: decimalText(decimal(share).times(100)),
      claimed,
    })),
    trail_by: trailing.distance_amount === null ? 'percent' : 'amount',
    trail: trailing.distance_amount ?? trailing.distance_percent ?? '',
    trail_from: trailing.activation_price ?? '',
    even_at: even.enabled ? (even.activation_profit_percent ?? '') : '',
    even_offset: even.enabled ? (even.offset_percent ?? '') : '',
  };
}

/** A line of the preview: what is changed, from what to what, and what that means. */
export interface ChangeLine {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly note: string | null;
}

export interface Change {
  readonly body: ProtectionBody;
  readonly lines: readonly ChangeLine[];
  /** By the API's name of the field: what is no figure. Nothing is sent while there are any. */
  readonly errors: Readonly<Record<string, string>>;
}

const NO_PRICE = 'This is not a price. Write it like 1234.5.';
const NO_FIGURE = 'This is not a figure. Write it like 1.5.';
const NONE = 'none';
/** A share has at most 18 decimals, as every figure; in percent two fewer. */
const SHARE_PERCENT_PLACES = 16;

export interface ChangeFacts {
  readonly position: Detail;
  readonly before: Draft;
  readonly draft: Draft;
  readonly tick: string;
  /** The market's price, to say how far levels are from it; null: unknown. */
  readonly mark: string | null;
}

/** What is different, ready to be sent and to be shown. */
export function changeOf(facts: ChangeFacts): Change {
  const parts = [stopChange(facts), targetsChange(facts), trailChange(facts), evenChange(facts)];
  return {
    body: Object.assign({}, ...parts.map(({ body }) => body)),
    lines: parts.flatMap(({ lines }) => lines),
    errors: Object.assign({}, ...parts.map(({ errors }) => errors)),
  };
}

const NOTHING: Change = { body: {}, lines: [], errors: {} };
const wrong = (errors: Change['errors']): Change => ({ ...NOTHING, errors });

function stopChange({ position, before, draft, tick, mark }: ChangeFacts): Change {
  const asked = draft.stop_loss.trim();
  if (asked === before.stop_loss) return NOTHING;
  const line = { name: 'Stop loss', from: shown(before.stop_loss) };
  if (asked === '') {
    const note = 'Nothing sells by a stop loss any more.';
    return { ...NOTHING, body: { stop_loss: null }, lines: [{ ...line, to: NONE, note }] };
  }
  const sent = stopSent(asked, position.side, tick);
  if (sent === null) return wrong({ stop_loss: NO_PRICE });
  if (sent === before.stop_loss) return NOTHING;
  const note = meaningOf(position, sent, mark, '1');
  return { ...NOTHING, body: { stop_loss: sent }, lines: [{ ...line, to: figureText(sent), note }] };
}

function targetsChange({ position, before, draft, tick, mark }: ChangeFacts): Change {
  if (sameRungs(before.take_profits, draft.take_profits)) return NOTHING;
  const errors: Record<string, string> = {};
  const rungs = draft.take_profits.map((rung, index) => {
    const price = targetSent(rung.price, position.side, tick);
    const percent = parseDecimal(rung.percent.trim());
    if (price === null) errors[`take_profits.${index}.price`] = NO_PRICE;
    const isTooFine = (percent?.decimalPlaces() ?? 0) > SHARE_PERCENT_PLACES;
    if (percent === null || isTooFine) errors[`take_profits.${index}.share`] = NO_FIGURE;
    return {
      price: price ?? '',
      share: percent === null ? '' : decimalText(percent.dividedBy(100)),
      claimed: rung.claimed,
    };
  });
  if (Object.keys(errors).length > 0) return wrong(errors);
  const take_profits = rungs.map(({ price, share }) => ({ price, share }));
  const notes = rungs
    .filter(({ claimed }) => !claimed)
    .map(({ price, share }) => meaningOf(position, price, mark, share));
  const line = {
    name: 'Targets',
    from: before.take_profits.map(({ price, percent }) => rungText(price, percent)).join(', ') || NONE,
    to:
      rungs.map(({ price, share }) => rungText(price, decimalText(decimal(share).times(100)))).join(', ') ||
      NONE,
    note: notes.join(' ') || null,
  };
  return {
    ...NOTHING,
    body: { take_profits: take_profits.length === 0 ? null : take_profits },
    lines: [line],
  };
}

const rungText = (price: string, percent: string): string =>
  `${figureText(price)} (${figureText(percent)} %)`;

const sameRungs = (a: readonly Rung[], b: readonly Rung[]): boolean =>
  a.length === b.length &&
  a.every((one, index) => one.price === b[index]?.price.trim() && one.percent === b[index]?.percent.trim());

function trailChange({ position, before, draft, tick }: ChangeFacts): Change {
  const [trail, from] = [draft.trail.trim(), draft.trail_from.trim()];
  if (trail === before.trail && from === before.trail_from && draft.trail_by === before.trail_by)
    return NOTHING;
  if (trail === '' && before.trail === '') return NOTHING;
  const line = { name: 'Trailing stop', from: trailText(before) };
  if (trail === '')
    return { ...NOTHING, body: { trailing_stop: null }, lines: [{ ...line, to: NONE, note: null }] };
  const field = draft.trail_by === 'percent' ? 'distance_percent' : 'distance_amount';
  if (parseDecimal(trail) === null) return wrong({ [`trailing_stop.${field}`]: NO_FIGURE });
  const activation = from === '' ? null : targetSent(from, position.side, tick);
  if (from !== '' && activation === null) return wrong({ 'trailing_stop.activation_price': NO_PRICE });
  const to = trailText({ ...draft, trail, trail_from: activation ?? '' });
  return {
    ...NOTHING,
    body: { trailing_stop: { [field]: trail, activation_price: activation } },
    lines: [{ ...line, to, note: activation === null ? 'It begins to follow the price at once.' : null }],
  };
}

function trailText({
  trail,
  trail_by,
  trail_from,
}: Pick<Draft, 'trail' | 'trail_by' | 'trail_from'>): string {
  if (trail === '') return NONE;
  const far = `${figureText(trail)}${trail_by === 'percent' ? ' %' : ''} behind the best price`;
  return trail_from === '' ? far : `${far}, from ${figureText(trail_from)} on`;
}

function evenChange({ before, draft }: ChangeFacts): Change {
  const [at, offset] = [draft.even_at.trim(), draft.even_offset.trim()];
  if (at === before.even_at && offset === before.even_offset) return NOTHING;
  if (at === '' && before.even_at === '') return NOTHING;
  const line = { name: 'Break-even', from: evenText(before.even_at, before.even_offset) };
  if (at === '')
    return { ...NOTHING, body: { break_even: null }, lines: [{ ...line, to: NONE, note: null }] };
  if (parseDecimal(at) === null) return wrong({ 'break_even.activation_profit_percent': NO_FIGURE });
  if (offset !== '' && parseDecimal(offset) === null)
    return wrong({ 'break_even.offset_percent': NO_FIGURE });
  const break_even = { activation_profit_percent: at, ...(offset !== '' && { offset_percent: offset }) };
  return { ...NOTHING, body: { break_even }, lines: [{ ...line, to: evenText(at, offset), note: null }] };
}

const evenText = (at: string, offset: string): string =>
  at === ''
    ? NONE
    : `at ${figureText(at)} % profit the stop goes to entry and fees${offset === '' || offset === '0' ? '' : ` + ${figureText(offset)} %`}`;

const shown = (price: string): string => (price === '' ? NONE : figureText(price));

/** How far a level is, and what that share of the position would bring there, before the fee of that sale. */
function meaningOf(position: Detail, price: string, mark: string | null, share: string): string | null {
  const quote = quoteOf(position);
  const far = mark === null ? null : decimal(distancePercent(position, price, mark)).abs();
  const pnl = figuresAt(position, price)?.pnl ?? null;
  const brought = pnl === null ? null : decimal(pnl).times(decimal(share)).toDecimalPlaces(8);
  const parts = [
    far === null ? null : `${figureText(decimalText(far), { places: 2 })} % away from the price.`,
    brought === null
      ? null
      : `Sold there: ${figureText(decimalText(brought), { signed: true, places: 2 })} ${quote}, before that sale's fee.`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join(' ');
}

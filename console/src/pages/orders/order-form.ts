/**
 * The order form's rules: which fields an order has, and the request that they make. Pure.
 *
 * Always true: amounts are the text that was typed, never a number; what the form does not show is not sent; a body is made
 * only where no field is wrong. What needs rules of the symbol or prices is the API's to say.
 */
import type { BodyOf } from '../../../../shared/client/contract.ts';
import { decimal, decimalText, parseDecimal } from '../../../../shared/domain/money/decimal.ts';
import type { OrderType } from '../../../../shared/domain/order-facts.ts';
import { protectionOf } from './protection-form.ts';

export type OrderBody = BodyOf<'createOrder'>;
export type Purpose = 'long' | 'short' | 'add' | 'close';

export interface Rung {
  readonly price: string;
  /** Percent of what was bought; empty of a single one: all of it. */
  readonly share: string;
}

export interface ProtectionDraft {
  readonly stop_loss: string;
  readonly rungs: readonly Rung[];
  readonly trailing: '' | 'percent' | 'amount';
  readonly trailing_distance: string;
  readonly trailing_activation: string;
  readonly break_even: boolean;
  readonly break_even_profit: string;
  readonly break_even_offset: string;
  /** As the API names them; empty = as it is by default. */
  readonly trigger_price: string;
  readonly resident: string;
}

export interface OrderDraft extends ProtectionDraft {
  readonly wallet_id: string;
  readonly symbol: string;
  readonly purpose: Purpose;
  readonly position_id: string;
  /** Of the position that is named; empty where none is. */
  readonly position_side: '' | 'long' | 'short';
  readonly type: OrderType;
  readonly amount_in: 'base' | 'quote';
  readonly quantity: string;
  readonly limit_price: string;
  readonly stop_price: string;
  readonly stop_limit_price: string;
  readonly trailing_delta: string;
  readonly time_in_force: string;
  readonly leverage: string;
}

/** What is wrong with a field before anything is sent. `isMissing`: nothing has been typed yet. */
export interface Complaint {
  readonly field: string;
  readonly text: string;
  readonly isMissing: boolean;
}

type PriceField = 'limit_price' | 'stop_price' | 'stop_limit_price' | 'trailing_delta' | 'time_in_force';

interface TypeFields {
  readonly needs: readonly PriceField[];
  readonly may: readonly PriceField[];
}

/** docs/orders.md, "Types". */
export const FIELDS_OF: Readonly<Record<OrderType, TypeFields>> = {
  market: { needs: [], may: [] },
  limit: { needs: ['limit_price'], may: ['time_in_force'] },
  limit_maker: { needs: ['limit_price'], may: [] },
  stop_loss: { needs: ['stop_price'], may: [] },
  stop_limit: { needs: ['stop_price', 'limit_price'], may: ['time_in_force'] },
  take_profit: { needs: ['stop_price'], may: [] },
  take_profit_limit: { needs: ['stop_price', 'limit_price'], may: ['time_in_force'] },
  trailing_stop: { needs: ['trailing_delta'], may: ['stop_price'] },
  oco: { needs: ['limit_price', 'stop_price'], may: ['stop_limit_price'] },
};

export const hasField = (type: OrderType, field: PriceField): boolean =>
  FIELDS_OF[type].needs.includes(field) || FIELDS_OF[type].may.includes(field);

/**
 * Of the types that are `known` those that the purpose has, and the chosen one in any case: a venue that turns out to know it
 * not must not make another order of it.
 */
export function typesFor(
  known: readonly OrderType[],
  purpose: Purpose,
  chosen: OrderType,
): readonly OrderType[] {
  const offered = known.filter((one) => one !== 'oco' || purpose === 'close');
  return offered.includes(chosen) ? offered : [...offered, chosen];
}

/** A new position, which has protection of its own. */
export const opens = (purpose: Purpose): boolean => purpose === 'long' || purpose === 'short';

/** Only a market buy that enters may say how much to spend. */
export const takesQuote = ({ purpose, type, position_side }: OrderDraft): boolean =>
  type === 'market' && (purpose === 'long' || (purpose === 'add' && position_side === 'long'));

export const sideOf = ({ purpose, position_side }: OrderDraft): 'buy' | 'sell' => {
  if (opens(purpose)) return purpose === 'long' ? 'buy' : 'sell';
  const grows = purpose === 'add';
  return (position_side === 'short') === grows ? 'sell' : 'buy';
};

/** What is wrong with decimal text; null = nothing. */
export function decimalWrong(text: string): string | null {
  if (/^\d+,\d+$/.test(text)) return 'Write the decimals after a point: 0.5.';
  const value = parseDecimal(text);
  if (value === null) return 'Write a plain number, for instance 1234.5.';
  return value.isNegative() || value.isZero() ? 'Must be greater than zero.' : null;
}

export type Complain = (field: string, text: string, isMissing?: boolean) => void;

/** The text where it is a good amount; otherwise it complains, of nothing only where something `isNeeded`. */
export function amountIn(
  complain: Complain,
  field: string,
  text: string,
  isNeeded: boolean,
): string | undefined {
  const given = text.trim();
  if (given === '') {
    if (isNeeded) complain(field, 'Required.', true);
    return undefined;
  }
  const wrong = decimalWrong(given);
  if (wrong === null) return given;
  complain(field, wrong);
  return undefined;
}

/** A whole number of something that is no money. */
function wholeIn(
  complain: Complain,
  field: string,
  text: string,
  isNeeded: boolean,
  most: number,
): number | undefined {
  const given = text.trim();
  if (given === '') {
    if (isNeeded) complain(field, 'Required.', true);
    return undefined;
  }
  const value = /^\d{1,5}$/.test(given) ? Number.parseInt(given, 10) : 0; // not money: basis points, leverage
  if (value >= 1 && value <= most) return value;
  complain(field, `Must be a whole number from 1 to ${most}.`);
  return undefined;
}

/** Percent as the fraction that the API takes, exactly: 12.5 is 0.125. */
export const fractionOf = (percent: string): string => decimalText(decimal(percent).dividedBy(100));

const MOST_BASIS_POINTS = 10_000;
const MOST_LEVERAGE = 20;

export interface Formed {
  /** Null while something is wrong. */
  readonly body: OrderBody | null;
  readonly complaints: readonly Complaint[];
}

/** The request that the form makes. */
export function orderBodyOf(draft: OrderDraft): Formed {
  const complaints: Complaint[] = [];
  const complain: Complain = (field, text, isMissing = false) => complaints.push({ field, text, isMissing });
  const { type, purpose } = draft;
  if (draft.wallet_id === '') complain('wallet_id', 'Choose a wallet.', true);
  if (draft.symbol.trim() === '') complain('symbol', 'Required.', true);
  if (!opens(purpose) && draft.position_id === '') complain('position_id', 'Choose a position.', true);

  const inQuote = takesQuote(draft) && draft.amount_in === 'quote';
  const amount = amountIn(complain, inQuote ? 'quote_quantity' : 'quantity', draft.quantity, true);
  const { needs } = FIELDS_OF[type];
  const price = (field: 'limit_price' | 'stop_price' | 'stop_limit_price') =>
    hasField(type, field) ? amountIn(complain, field, draft[field], needs.includes(field)) : undefined;
  const prices = {
    limit_price: price('limit_price'),
    stop_price: price('stop_price'),
    stop_limit_price: price('stop_limit_price'),
  };
  const delta =
    type === 'trailing_stop'
      ? wholeIn(complain, 'trailing_delta', draft.trailing_delta, true, MOST_BASIS_POINTS)
      : undefined;
  const leverage = opens(purpose)
    ? wholeIn(complain, 'leverage', draft.leverage, false, MOST_LEVERAGE)
    : undefined;
  const protection = opens(purpose) ? protectionOf(draft, complain) : undefined;
  if (complaints.length > 0) return { body: null, complaints };

  const body = {
    wallet_id: draft.wallet_id,
    symbol: draft.symbol.trim(),
    side: sideOf(draft),
    type,
    ...(inQuote ? { quote_quantity: amount } : { quantity: amount }),
    ...withoutNothing(prices),
    ...withoutNothing({ trailing_delta: delta, leverage, protection }),
    ...(hasField(type, 'time_in_force') && { time_in_force: draft.time_in_force as 'GTC' }),
    ...(purpose === 'short' && { position_side: 'short' as const }),
    ...(!opens(purpose) && { position_id: draft.position_id }),
    ...(purpose === 'add' && { position_effect: 'open' as const }),
  };
  return { body, complaints };
}

/** Without members that have no value. */
export function withoutNothing<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const given = Object.entries(members).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

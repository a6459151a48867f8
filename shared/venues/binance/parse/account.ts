/** Account, trades and commission as REST answers them. */
import type { Decimal } from '../../../domain/money/decimal.ts';
import { Fields, fieldsOfAll } from './fields.ts';

export interface VenueTrade {
  readonly symbol: string;
  /** `a` + allocation id for what the order router allocated. */
  readonly tradeId: string;
  readonly orderId: string;
  readonly price: Decimal;
  readonly quantity: Decimal;
  readonly quoteQuantity: Decimal;
  readonly commission: Decimal;
  readonly commissionAsset: string | null;
  readonly at: number;
  readonly isBuyer: boolean;
  readonly isMaker: boolean;
}

const readTrade = (f: Fields, tradeId: string): VenueTrade => ({
  symbol: f.text('symbol'),
  tradeId,
  orderId: f.id('orderId'),
  price: f.decimal('price'),
  quantity: f.decimal('qty'),
  quoteQuantity: f.decimal('quoteQty'),
  commission: f.decimal('commission'),
  commissionAsset: f.optional('commissionAsset', f.text),
  at: f.integer('time'),
  isBuyer: f.flag('isBuyer'),
  isMaker: f.flag('isMaker'),
});

/** `GET /myTrades`. */
export const parseTrades = (value: unknown): readonly VenueTrade[] =>
  fieldsOfAll(value, 'trades').map((f) => readTrade(f, f.id('id')));

/** `GET /myAllocations`: fills that are in no list of trades. */
export const parseAllocations = (value: unknown): readonly VenueTrade[] =>
  fieldsOfAll(value, 'allocations').map((f) => readTrade(f, `a${f.id('allocationId')}`));

export interface Account {
  readonly uid: string;
  readonly canTrade: boolean;
  readonly accountType: string | null;
  readonly permissions: readonly string[];
  readonly balances: readonly { readonly asset: string; readonly free: Decimal; readonly locked: Decimal }[];
  readonly updatedAt: number | null;
}

/** `GET /account`. */
export function parseAccount(value: unknown): Account {
  const f = new Fields(value, 'account');
  return {
    uid: f.id('uid'),
    canTrade: f.flag('canTrade'),
    accountType: f.optional('accountType', f.text),
    permissions: f.has('permissions') ? f.texts('permissions') : [],
    balances: f
      .objects('balances')
      .map((b) => ({ asset: b.text('asset'), free: b.decimal('free'), locked: b.decimal('locked') })),
    updatedAt: f.optional('updateTime', f.integer),
  };
}

export interface CommissionRates {
  readonly maker: Decimal;
  readonly taker: Decimal;
  readonly buyer: Decimal;
  readonly seller: Decimal;
}

export interface Commission {
  readonly symbol: string;
  readonly standard: CommissionRates;
  readonly special: CommissionRates | null;
  readonly tax: CommissionRates | null;
  readonly discount: {
    readonly enabledForAccount: boolean;
    readonly enabledForSymbol: boolean;
    readonly asset: string | null;
    readonly discount: Decimal;
  } | null;
}

const rates = (f: Fields): CommissionRates => ({
  maker: f.decimal('maker'),
  taker: f.decimal('taker'),
  buyer: f.decimal('buyer'),
  seller: f.decimal('seller'),
});

/** `GET /account/commission`. */
export function parseCommission(value: unknown): Commission {
  const f = new Fields(value, 'commission');
  const part = (key: string) => (f.has(key) ? rates(f.object(key)) : null);
  const discount = f.has('discount') ? f.object('discount') : null;
  return {
    symbol: f.text('symbol'),
    standard: rates(f.object('standardCommission')),
    special: part('specialCommission'),
    tax: part('taxCommission'),
    discount: discount && {
      enabledForAccount: discount.flag('enabledForAccount'),
      enabledForSymbol: discount.flag('enabledForSymbol'),
      asset: discount.optional('discountAsset', discount.text),
      discount: discount.decimal('discount'),
    },
  };
}

export interface KeyRestrictions {
  readonly ipRestrict: boolean;
  readonly enableWithdrawals: boolean;
  readonly enableReading: boolean;
  readonly enableSpotAndMarginTrading: boolean;
}

/** `GET /sapi/v1/account/apiRestrictions`. */
export function parseKeyRestrictions(value: unknown): KeyRestrictions {
  const f = new Fields(value, 'key restrictions');
  return {
    ipRestrict: f.flag('ipRestrict'),
    enableWithdrawals: f.flag('enableWithdrawals'),
    enableReading: f.flag('enableReading'),
    enableSpotAndMarginTrading: f.flag('enableSpotAndMarginTrading'),
  };
}

/** What the forms for new wallets send. Pure; keys pass through and are kept nowhere. */
import type { BodyOf } from '../../../../shared/client/contract.ts';
import { decimalWrong } from '../orders/order-form.ts';

export type WalletBody = BodyOf<'createWallet'>;
export type DemoBody = Extract<WalletBody, { type: 'demo' }>;
export type Keys = BodyOf<'rotateKeys'>;

export interface DemoTexts {
  readonly name: string;
  /** `USDT 100000, BTC 1` */
  readonly balances: string;
  /** A fraction: 0.001 is 0.1 %; empty: as by default. */
  readonly fee: string;
  /** Empty: nothing is lent. */
  readonly max_leverage: string;
}

export interface DemoFormed {
  readonly body: DemoBody | null;
  readonly errors: ReadonlyMap<string, string>;
}

export function demoWalletOf(texts: DemoTexts): DemoFormed {
  const errors = new Map<string, string>();
  const name = texts.name.trim();
  if (name === '') errors.set('name', 'Required.');
  const balances = balancesIn(texts.balances);
  if (balances === null) errors.set('starting_balances', 'Write assets with amounts: USDT 100000, BTC 1.5.');
  const fee = texts.fee.trim();
  const isFree = /^0(\.0+)?$/.test(fee);
  const feeWrong = fee === '' || isFree ? null : decimalWrong(fee);
  if (feeWrong !== null) errors.set('fee_rate', feeWrong);
  const leverage = texts.max_leverage.trim();
  if (leverage !== '' && !/^\d{1,3}$/.test(leverage)) errors.set('max_leverage', 'Must be a whole number.');
  if (errors.size > 0 || balances === null) return { body: null, errors };
  const max = Number.parseInt(leverage, 10); // not money: a leverage
  return {
    errors,
    body: {
      ...{ name, type: 'demo', starting_balances: balances },
      ...(fee !== '' && { fee_rate: fee }),
      ...(leverage !== '' && { max_leverage: max }),
    },
  };
}

/** Null: it is not of that form, or names none, or one twice. */
function balancesIn(text: string): Record<string, string> | null {
  const parts = text.split(',').map((part) => part.trim().split(/\s+/));
  const pairs = parts.map(([asset = '', amount = '']) => [asset.toUpperCase(), amount] as const);
  const isGood = parts.every(
    ([asset = '', amount = '', ...more]) =>
      /^[A-Za-z0-9]{1,20}$/.test(asset) && decimalWrong(amount) === null && more.length === 0,
  );
  const balances = Object.fromEntries(pairs);
  return isGood && Object.keys(balances).length === pairs.length ? balances : null;
}

/** From the fields as they stand at the moment of sending. A secret in PEM is a private key, any other is an HMAC key's. */
export function keysOf(apiKey: string, secret: string): Keys {
  const text = secret.trim();
  return text.startsWith('-----BEGIN')
    ? { api_key: apiKey.trim(), private_key: pemLines(text) }
    : { api_key: apiKey.trim(), secret_key: text };
}

/** A field of one line takes the line ends out of what is pasted; a PEM needs them. */
export function pemLines(text: string): string {
  const found = /^(-----BEGIN [A-Z0-9 ]+-----)(.*)(-----END [A-Z0-9 ]+-----)$/s.exec(text.trim());
  if (found === null) return text;
  const [, head = '', body = '', tail = ''] = found;
  const lines = body.replaceAll(/\s+/g, '').match(/.{1,64}/g) ?? [];
  return `${[head, ...lines, tail].join('\n')}\n`;
}

/** What stands wrong right now, in the user's own things. Pure. */
import { spanText } from '../../format/time-text.ts';
import type { Order, Position, Wallet } from '../../live/rows.ts';

export interface Alarm {
  readonly key: string;
  readonly tone: 'warn' | 'bad';
  readonly title: string;
  readonly detail: string;
  /** Where to look. */
  readonly of: { readonly kind: 'position' | 'order' | 'wallet'; readonly id: string };
}

export interface Seen {
  readonly positions: readonly Position[];
  readonly orders: readonly Order[];
  readonly wallets: readonly Wallet[];
  readonly now: number;
}

/** A close by market takes a second or two; after so long it is stuck. */
const STUCK_CLOSE_MS = 30_000;

/** The worst first. */
export function alarmsOf({ positions, orders, wallets, now }: Seen): readonly Alarm[] {
  const all = [
    ...positions.flatMap((one) => positionAlarms(one, now)),
    ...orders.flatMap(orderAlarms),
    ...wallets.flatMap(walletAlarms),
  ];
  return [...all.filter(({ tone }) => tone === 'bad'), ...all.filter(({ tone }) => tone === 'warn')];
}

function positionAlarms(position: Position, now: number): readonly Alarm[] {
  const { position_id: id, symbol, side, closing, risk_management: risk } = position;
  const of = { kind: 'position', id } as const;
  const alarms: Alarm[] = [];
  if (risk.unprotected_since !== null) {
    const detail = `for ${spanText(now - Date.parse(risk.unprotected_since))}`;
    alarms.push({
      key: `unprotected ${id}`,
      tone: 'bad',
      title: `${symbol} ${side} is not protected`,
      detail,
      of,
    });
  }
  if (closing !== null) {
    const lasts = now - Date.parse(closing.at);
    const isShort = closing.shortage !== null;
    if (isShort || lasts > STUCK_CLOSE_MS) {
      const detail = `for ${spanText(lasts)}${isShort ? ', coins are missing at the exchange' : ''}`;
      alarms.push({
        key: `closing ${id}`,
        tone: 'bad',
        title: `The close of ${symbol} ${side} is stuck`,
        detail,
        of,
      });
    }
  }
  return alarms;
}

function orderAlarms({ order_id: id, outcome_unknown, side, symbol }: Order): readonly Alarm[] {
  if (!outcome_unknown) return [];
  const title = `It is not known what became of an order: ${side} ${symbol}`;
  const detail = 'the venue is being asked';
  return [{ key: `unknown ${id}`, tone: 'warn', title, detail, of: { kind: 'order', id } }];
}

/** A pause by hand is meant; one by a loss is told. */
function walletAlarms({ wallet_id: id, name, problem, pause_reason, paused }: Wallet): readonly Alarm[] {
  const of = { kind: 'wallet', id } as const;
  const alarms: Alarm[] = [];
  if (problem != null)
    alarms.push({
      key: `keys ${id}`,
      tone: 'bad',
      title: `${name}: ${problem.code}`,
      detail: problem.message,
      of,
    });
  if (paused && pause_reason?.startsWith('risk:') === true)
    alarms.push({
      key: `risk ${id}`,
      tone: 'bad',
      title: `${name} was paused by a loss`,
      detail: pause_reason,
      of,
    });
  return alarms;
}

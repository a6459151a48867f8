/** `--with stop=1.5%` and the like: another protection for every position of a plan. Pure. */
import { DEFAULT_CONFIRM_MAX_PERCENT, MOST_CONFIRM_SECONDS } from '../../shared/domain/confirmation.ts';
import { type Decimal, decimal, parseDecimal } from '../../shared/domain/money/decimal.ts';
import { MOST_SECONDS } from '../../shared/domain/time-stop.ts';
import { OptionError } from '../command-line.ts';
import { NO_REQUEST, type Placed, type ProtectionRequest } from './protection-request.ts';

/** What one `KEY=VALUE` makes of a protection; null: it has nothing there that could be changed. */
type Change = (before: ProtectionRequest) => ProtectionRequest | null;

export interface Changes {
  /** As they were given, for people. */
  readonly text: string;
  readonly all: readonly { readonly given: string; readonly change: Change }[];
}

const KEYS = [
  'stop',
  'take_profit',
  'trailing',
  'trailing_activation',
  'break_even',
  'break_even_offset',
  'time_stop',
  'confirm_seconds',
  'confirm_max',
  'trigger_price',
] as const;
type Key = (typeof KEYS)[number];

export const CHANGES_HELP = `    stop=1.5%             stop loss at this distance from the opening price, or at a price (stop=60000)
    take_profit=3%        one target for the whole position, likewise
    trailing=1%           trailing stop at this distance from the best price, or at an amount (trailing=25)
    trailing_activation=1%  the profit, or the price, from which on it trails
    break_even=1%         the profit at which the stop moves to entry + fees
    break_even_offset=0.1%  how far beyond it
    time_stop=2h          closed so long after its first fill (s, m or h)
    confirm_seconds=10    so long a stop that was reached waits for the price to come back
    confirm_max=1%        so far beyond the stop it waits no longer
    trigger_price=mid     bid_ask (default), last or mid
    KEY=none              without it`;

const isKey = (text: string): text is Key => KEYS.some((key) => key === text);
const NO_OFFSET = decimal('0');
const WHOLE = decimal('1');

/**
 * Reads what was given; several may stand in one, separated by commas.
 * @throws OptionError naming what is unknown, given twice or not readable
 */
export function parseChanges(option: string, values: readonly string[]): Changes {
  const seen = new Set<string>();
  const all = values
    .flatMap((value) => value.split(','))
    .map((given) => {
      const [key = '', value = '', ...more] = given.split('=');
      const wrong = (expected: string) => new OptionError(`${option} ${given}: ${expected} is expected`);
      if (value === '' || more.length > 0) throw wrong('KEY=VALUE');
      if (!isKey(key))
        throw new OptionError(`${option} ${given}: there is no ${key}; there are: ${KEYS.join(', ')}`);
      if (seen.has(key)) throw new OptionError(`${option} ${given}: ${key} is given twice`);
      seen.add(key);
      return { given, change: READERS[key](value, wrong) };
    });
  return { text: all.map(({ given }) => given).join(' '), all };
}

/**
 * The same changes for all protections of a plan; where one of them has nothing that a change belongs to, it stays.
 * @throws OptionError for a change that belongs to none of them
 */
export function applyChanges(
  option: string,
  changes: Changes,
  requests: readonly ProtectionRequest[],
): readonly ProtectionRequest[] {
  return changes.all.reduce((before, { given, change }) => {
    const after = before.map(change);
    if (before.length > 0 && after.every((request) => request === null)) {
      throw new OptionError(`${option} ${given}: no position has what this belongs to`);
    }
    return after.map((request, at) => request ?? before[at] ?? NO_REQUEST);
  }, requests);
}

type Wrong = (expected: string) => OptionError;

function amount(text: string, wrong: Wrong, expected: string): Decimal {
  const value = parseDecimal(text);
  if (value === null || value.isNegative()) throw wrong(expected);
  return value;
}

/** `1.5%` or a number without a sign for percent. */
function percentOrAmount(text: string, wrong: Wrong, expected: string) {
  const isPercent = text.endsWith('%');
  const value = amount(isPercent ? text.slice(0, -1) : text, wrong, expected);
  if (!value.greaterThan(0)) throw wrong(expected);
  return { isPercent, value };
}

function placed(text: string, wrong: Wrong): Placed | null {
  if (text === 'none') return null;
  const { isPercent, value } = percentOrAmount(text, wrong, 'a distance such as 1.5%, a price, or none');
  return isPercent ? { percent: value } : { price: value };
}

function percent(text: string, wrong: Wrong): Decimal | null {
  if (text === 'none') return null;
  const expected = 'percent such as 1%, or none';
  if (!text.endsWith('%')) throw wrong(expected);
  return amount(text.slice(0, -1), wrong, expected);
}

const UNITS = { s: 1, m: 60, h: 3_600 } as const;

/** `90s`, `15m`, `2h`. */
function secondsOf(text: string): number | null {
  const [, count, unit] = /^(\d{1,8})([smh])$/.exec(text) ?? [];
  return count === undefined || unit === undefined ? null : Number(count) * UNITS[unit as keyof typeof UNITS];
}

const READERS: Readonly<Record<Key, (text: string, wrong: Wrong) => Change>> = {
  stop: (text, wrong) => {
    const stopLoss = placed(text, wrong);
    return (before) => ({ ...before, stopLoss });
  },
  take_profit: (text, wrong) => {
    const at = placed(text, wrong);
    return (before) => ({ ...before, takeProfits: at === null ? [] : [{ at, share: WHOLE }] });
  },
  trailing: (text, wrong) => {
    if (text === 'none') return (before) => ({ ...before, trailingStop: null });
    const { isPercent, value } = percentOrAmount(text, wrong, 'a distance such as 1%, an amount, or none');
    const distance = isPercent ? { percent: value } : { amount: value };
    return (before) => ({
      ...before,
      trailingStop: { distance, activation: before.trailingStop?.activation ?? null },
    });
  },
  trailing_activation: (text, wrong) => {
    const activation = placed(text, wrong);
    return (before) =>
      before.trailingStop && { ...before, trailingStop: { ...before.trailingStop, activation } };
  },
  break_even: (text, wrong) => {
    const activationProfitPercent = percent(text, wrong);
    return (before) => ({
      ...before,
      breakEven: activationProfitPercent && {
        activationProfitPercent,
        offsetPercent: before.breakEven?.offsetPercent ?? NO_OFFSET,
      },
    });
  },
  break_even_offset: (text, wrong) => {
    const offsetPercent = percent(text, wrong) ?? NO_OFFSET;
    return (before) => before.breakEven && { ...before, breakEven: { ...before.breakEven, offsetPercent } };
  },
  time_stop: (text, wrong) => {
    if (text === 'none') return (before) => ({ ...before, timeStopSeconds: null });
    const timeStopSeconds = secondsOf(text);
    if (timeStopSeconds === null || timeStopSeconds < 1 || timeStopSeconds > MOST_SECONDS) {
      throw wrong('a time such as 90s, 15m or 2h, or none,');
    }
    return (before) => ({ ...before, timeStopSeconds });
  },
  confirm_seconds: (text, wrong) => {
    const confirmSeconds = text === 'none' ? 0 : Number(text);
    const isInRange = confirmSeconds >= 0 && confirmSeconds <= MOST_CONFIRM_SECONDS;
    if (!Number.isInteger(confirmSeconds) || !isInRange) {
      throw wrong(`whole seconds from 0 to ${MOST_CONFIRM_SECONDS}, or none,`);
    }
    return (before) => ({ ...before, confirmSeconds });
  },
  confirm_max: (text, wrong) => {
    const confirmMaxPercent = percent(text, wrong) ?? DEFAULT_CONFIRM_MAX_PERCENT;
    return (before) => ({ ...before, confirmMaxPercent });
  },
  trigger_price: (text, wrong) => {
    if (text !== 'bid_ask' && text !== 'last' && text !== 'mid') throw wrong('bid_ask, last or mid');
    return (before) => ({ ...before, triggerPrice: text });
  },
};

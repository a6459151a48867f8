/** What a fault makes of one message: its text, or more of them, now or later. */
import type { MessageFault } from './rules.ts';

/** Sent in this order; `afterMs` 0: at once. */
export interface Spoiled {
  readonly text: string;
  readonly afterMs: number;
}

type Fields = Record<string, unknown>;

const PRICES = ['p', 'bp', 'ap', 'a', 'b', 'o', 'h', 'l', 'c', 'vw', 'fmv'];
/** Of a stock's quote `c` is a condition. */
const isPrice = (fields: Fields, name: string): boolean => name !== 'c' || fields['ev'] !== 'Q';
const PER_PERCENT = 100;
const DIGITS = { ms: '', us: '000', ns: '000000' } as const;
const MS_DIGITS = 13;

const changed = (text: string, change: (fields: Fields) => void): string => {
  const fields = JSON.parse(text) as Fields;
  change(fields);
  return JSON.stringify(fields);
};

/** With the digits that the price had, so that an outlier looks like a price. */
function times(value: number, factor: number): number {
  const decimals = /\.(\d+)$/.exec(String(value))?.[1]?.length ?? 0;
  return Number((value * factor).toFixed(Math.max(2, decimals)));
}

function scaled(fields: Fields, factor: number): void {
  for (const name of PRICES) {
    const value = fields[name];
    if (typeof value === 'number' && isPrice(fields, name)) fields[name] = times(value, factor);
  }
}

const CROSSED_BY = 1.001;

function cross(fields: Fields): void {
  const [bid, ask] = typeof fields['bp'] === 'number' ? ['bp', 'ap'] : ['b', 'a'];
  const value = fields[ask];
  if (typeof value === 'number' && typeof fields[bid] === 'number') fields[bid] = times(value, CROSSED_BY);
}

/** The same interval, one more trade in it. */
function otherBar(fields: Fields): void {
  for (const name of ['v', 'av']) {
    const value = fields[name];
    if (typeof value === 'number') fields[name] = times(value, 1.5) + 1;
  }
  for (const [name, factor] of [
    ['h', 1.001],
    ['l', 0.999],
  ] as const) {
    const value = fields[name];
    if (typeof value === 'number') fields[name] = times(value, factor);
  }
}

/** A number's text in place of a field's value, as no JSON.stringify would write it. */
function withNumber(text: string, field: string, number: string): string {
  const mark = '\u0001number\u0001';
  const marked = changed(text, (fields) => {
    fields[field] = mark;
  });
  return marked.replace(JSON.stringify(mark), number);
}

function inUnit(text: string, unit: keyof typeof DIGITS): string {
  const { t } = JSON.parse(text) as { t?: number };
  if (t === undefined) return text;
  const inMs = String(t).slice(0, MS_DIGITS);
  // FMV and LULD come in ns: their digits beyond a double's exact ones are noughts, as they were written.
  return withNumber(text, 't', inMs + DIGITS[unit]);
}

const UNKNOWN = '{"ev":"ZZZ","sym":"?","n":1}';
const now = (text: string): Spoiled => ({ text, afterMs: 0 });

/** One fault on one message. */
export function spoil(text: string, fault: MessageFault): readonly Spoiled[] {
  switch (fault.kind) {
    case 'duplicate':
      return [now(text), ...Array.from({ length: fault.count }, () => ({ text, afterMs: fault.afterMs }))];
    case 'drop_message':
      return [];
    case 'delay_message':
      return [{ text, afterMs: fault.ms }];
    case 'shift_time':
      return [now(changed(text, (fields) => shift(fields, fault.field, fault.ms)))];
    case 'time_unit':
      return [now(inUnit(text, fault.unit))];
    case 'remove_field':
      return [now(changed(text, (fields) => delete fields[fault.field]))];
    case 'set_field':
      return [
        now(
          changed(text, (fields) => {
            fields[fault.field] = fault.value;
          }),
        ),
      ];
    case 'set_number':
      return [now(withNumber(text, fault.field, fault.text))];
    case 'extra_fields':
      return [
        now(
          changed(text, (fields) => {
            Object.assign(fields, { zz_new: 'x', zz_more: { list: [1, null] } });
          }),
        ),
      ];
    case 'unknown_ev':
      return [now(UNKNOWN), now(text)];
    case 'outlier':
      return [now(changed(text, (fields) => scaled(fields, 1 + fault.percent / PER_PERCENT)))];
    case 'crossed':
      return [now(changed(text, cross))];
    case 'resend_bar':
      return [now(text), { text: changed(text, otherBar), afterMs: fault.afterMs }];
  }
}

function shift(fields: Fields, field: 't' | 'r', ms: number): void {
  const { t } = fields;
  if (typeof t === 'number') fields[field] = t + ms;
}

/** Several faults on one message, one after the other on all that the ones before made of it. */
export function spoilAll(text: string, faults: readonly MessageFault[]): readonly Spoiled[] {
  let made: readonly Spoiled[] = [now(text)];
  for (const fault of faults) {
    made = made.flatMap((one) =>
      spoil(one.text, fault).map((next) => ({ text: next.text, afterMs: one.afterMs + next.afterMs })),
    );
  }
  return made;
}

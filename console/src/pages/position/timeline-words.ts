/** Entries of a timeline as sentences: what was done or not done, by which price, and why. */
import type { AnswerTo, ItemOf } from '../../../../shared/client/contract.ts';
import { figureText } from '../../format/decimal-text.ts';

export type Entry = ItemOf<'getTimeline'>;
export type Watched = AnswerTo<'getTimeline'>['levels'][number];
type Market = AnswerTo<'getTimeline'>['market'];

const words = (name: string): string => name.replaceAll('_', ' ');
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** `stop_loss` as `Stop loss`, `take_profit:0` as `Target 1`. */
export function ruleText(rule: string): string {
  const [name = '', index] = rule.split(':');
  if (name === 'take_profit' && index !== undefined) return `Target ${1 + Number.parseInt(index, 10)}`; // not money: its place
  return capital(words(name)) + (index === undefined ? '' : ` (${words(index)})`);
}

/** What happened, in a few words. */
export const titleOf = (entry: Entry): string => capital(words(entry.action));

/** Prices and reasons; '' = there is nothing more to say. */
export function detailOf(entry: Entry): string {
  switch (entry.kind) {
    case 'action':
      return actionDetail(entry);
    case 'order': {
      const { role, side, type, by } = entry.details;
      return [
        `${words(type)} ${side}, ${role}`,
        causeOf(entry),
        entry.reason === entry.cause ? '' : words(entry.reason),
        `by ${words(by)}`,
      ]
        .filter((part) => part !== '')
        .join('; ');
    }
    case 'signal': {
      const { signal, confidence, agent, reasoning } = entry.details;
      const said = `${agent ?? 'An agent'} said ${words(signal)} with confidence ${confidence}`;
      return [said, entry.reason === null ? '' : words(entry.reason), reasoning ?? '']
        .filter((part) => part !== '')
        .join('; ');
    }
  }
}

const causeOf = ({ cause }: Entry): string => (cause === null ? '' : `cause: ${words(cause)}`);

function actionDetail(entry: Extract<Entry, { kind: 'action' }>): string {
  const { rule, level, price, source, price_source, price_age_ms, peak, reached_by, reason } = entry;
  const parts: string[] = [];
  if (rule !== null)
    parts.push(level === null ? ruleText(rule) : `${ruleText(rule)} at ${figureText(level)}`);
  if (price !== null) {
    const from = price_source === null ? '' : ` from ${price_source}`;
    const age = price_age_ms === null ? '' : `, ${price_age_ms} ms old`;
    parts.push(`the ${source ?? 'price'} was ${figureText(price)}${from}${age}`);
  }
  if (peak !== null) parts.push(`best price before ${figureText(peak)}`);
  if (reached_by !== null && reached_by !== 'tick') parts.push(`reached by ${words(reached_by)}`);
  if (reason !== null) parts.push(`not done: ${words(reason)}`);
  if (entry.cause !== null) parts.push(causeOf(entry));
  for (const [name, value] of Object.entries(entry.details)) {
    if (value !== 'none') parts.push(`${words(name)} ${figureText(value)}`);
  }
  return parts.join('; ');
}

/** About a stop: its own hits, what set or moved it, and the exits that it made. */
export function isOfStop(entry: Entry): boolean {
  const { rule, action } = entry;
  return (
    /^(stop_loss|trailing_stop|break_even|liquidation|confirm_)/.test(rule ?? '') ||
    /^(stop_|protection_|break_even|resident_|unprotected|armed)/.test(action) ||
    /^(stop_loss|trailing_stop|break_even|liquidation)$/.test(entry.cause ?? '')
  );
}

/** Whether a level was reached within a stretch of the market, in a sentence; the answer to "why did my stop not fire". */
export function reachText(market: NonNullable<Market>, levels: readonly Watched[]): readonly string[] {
  const { source, low, high, gaps } = market;
  if (low === null || high === null) return ['The tape has no price of that time.'];
  const seen = `The ${source} was between ${figureText(low)} and ${figureText(high)}.`;
  const missing = gaps.length === 0 ? [] : [`${gaps.length} stretches of that time have no price at all.`];
  const now = levels.flatMap(({ rule, level, direction }) =>
    level === null
      ? []
      : [
          `${ruleText(rule)} stands at ${figureText(level)} now, and is due when the price ${direction} to it.`,
        ],
  );
  return [seen, ...missing, ...now];
}

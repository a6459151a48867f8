/**
 * An independent look at exits: is each one's trigger tick the first recorded trade after its arming that reaches
 * the level? Reads the recording itself and knows nothing of the product.
 *
 *   node test/e2e/check-exits.ts RECORDING DOCUMENT.json      (the document of `npm run demo -- --json`)
 */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';

export interface CheckedExit {
  readonly level_name: string | null;
  readonly level: string | null;
  readonly trigger_price: string | null;
  readonly trigger_tick_id: number | null;
  readonly arming_tick_id: number | null;
  readonly trigger_cause: string | null;
}

export interface CheckedPosition {
  readonly symbol: string;
  readonly side: string;
  readonly protection: {
    readonly trailing_stop?: { readonly distance_percent: string; readonly activation_price?: string | null };
  };
  readonly exits: readonly CheckedExit[];
}

interface Trade {
  /** The line of the file. */
  readonly id: number;
  readonly price: bigint;
}

const DECIMALS = 12;
const exact = (text: string): bigint => {
  const [whole = '0', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(DECIMALS, '0').slice(0, DECIMALS));
};

/** The trades of a recording by symbol. */
export function readTrades(file: string): ReadonlyMap<string, readonly Trade[]> {
  const bytes = readFileSync(file);
  const lines = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString().split('\n');
  const trades = new Map<string, Trade[]>();
  for (const [at, line] of lines.entries()) {
    const [, symbol = '', price = ''] = line.split(',');
    if (at === 0 || price === '') continue;
    const own = trades.get(symbol) ?? [];
    trades.set(symbol, own);
    own.push({ id: at + 1, price: exact(price) });
  }
  return trades;
}

/** What should have triggered: its line, and the level reached there (times 10,000). */
function expected(trades: readonly Trade[], { side, protection }: CheckedPosition, exit: CheckedExit) {
  const armed = exit.arming_tick_id ?? 0;
  const shown = trades.findLast((trade) => trade.id <= armed);
  const later = trades.filter((trade) => trade.id > armed);
  if (exit.level_name !== 'trailing_stop') {
    const falls = (side === 'long') !== exit.level_name?.startsWith('take_profit');
    const level = exact(exit.level ?? '');
    const reaches = ({ price }: Trade): boolean => (falls ? price <= level : price >= level);
    const hit = exit.trigger_cause === 'armed' ? shown : later.find(reaches);
    return hit !== undefined && reaches(hit) ? { hit, level: level * 10_000n } : null;
  }
  if (side !== 'long') throw new Error('a trailing stop of a short is not looked at here');
  const trailing = protection.trailing_stop;
  if (trailing === undefined) return null;
  const keep = 10_000n - exact(trailing.distance_percent) / 10n ** BigInt(DECIMALS - 2);
  const activation = trailing.activation_price == null ? 0n : exact(trailing.activation_price);
  let peak = shown !== undefined && shown.price >= activation ? shown.price : null;
  for (const hit of later) {
    if (peak !== null && hit.price * 10_000n <= peak * keep) return { hit, level: peak * keep };
    if (hit.price >= activation && (peak === null || hit.price > peak)) peak = hit.price;
  }
  return null;
}

/** What is wrong, in words; empty = all exits are right. `looked` counts the exits that a price triggered. */
export function checkExits(file: string, positions: readonly CheckedPosition[]) {
  const trades = readTrades(file);
  const wrong: string[] = [];
  let looked = 0;
  for (const position of positions) {
    const own = trades.get(position.symbol.replace('/', '')) ?? [];
    for (const exit of position.exits) {
      if (exit.level_name === null || exit.level === null) continue;
      looked += 1;
      const found = expected(own, position, exit);
      const what = `${position.symbol} ${exit.level_name} at ${exit.level} (armed at line ${exit.arming_tick_id})`;
      if (found === null)
        wrong.push(`${what}: no trade reaches it, yet line ${exit.trigger_tick_id} is named`);
      else if (found.hit.id !== exit.trigger_tick_id)
        wrong.push(
          `${what}: line ${found.hit.id} is the first to reach it, line ${exit.trigger_tick_id} is named`,
        );
      else if (found.hit.price !== exact(exit.trigger_price ?? ''))
        wrong.push(`${what}: line ${found.hit.id} has another price than ${exit.trigger_price}`);
      else {
        // A trailing level is cut to the price's unit, away from the market.
        const cut = found.level - exact(exit.level) * 10_000n;
        if (cut < 0n || cut * 1_000_000n > found.level)
          wrong.push(`${what}: the level should be ${found.level}`);
      }
    }
  }
  return { looked, wrong };
}

const [, script, file, document] = process.argv;
if (script !== undefined && import.meta.url === pathToFileURL(script).href) {
  if (file === undefined || document === undefined)
    throw new Error('usage: check-exits RECORDING DOCUMENT.json');
  const { positions } = JSON.parse(readFileSync(document, 'utf8')) as { positions: CheckedPosition[] };
  const { looked, wrong } = checkExits(file, positions);
  for (const line of wrong) console.log(line);
  console.log(`${looked} exits looked at, ${wrong.length} wrong`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
}

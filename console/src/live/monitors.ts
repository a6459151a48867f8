/** What watches the positions, in one line: sockets, prices, sweeps, queues, and which of them is not as it should be. Pure. */
import { spanText } from '../format/time-text.ts';
import type { Health } from './rows.ts';

export type MonitorTone = 'good' | 'warn' | 'bad';

export interface MonitorPart {
  readonly name: string;
  readonly text: string;
  readonly tone: MonitorTone;
}

export interface MonitorsSeen {
  readonly health: Health | null;
  /** When health was last answered; 0 = never. */
  readonly healthAt: number;
  /** Times of the latest prices of what is open, by symbol; null: there is none. */
  readonly prices: readonly { readonly symbol: string; readonly at: string | null }[];
  readonly now: number;
}

/** The page asks each 5 s: three answers are missing. */
const SILENT_MS = 20_000;
const OLD_PRICE_MS = 15_000;
/** As the API: a quote older than this makes no mark. */
const STALE_PRICE_MS = 60_000;
const LONG_WAIT_SECONDS = 60;

/** Every part, the one about the API itself first. Nothing is good that has not been heard. */
export function monitorParts(seen: MonitorsSeen): readonly MonitorPart[] {
  const { health, healthAt, now } = seen;
  if (health === null) return [{ name: 'API', text: 'no answer yet', tone: healthAt === 0 ? 'warn' : 'bad' }];
  const silent = now - healthAt;
  if (silent > SILENT_MS) return [{ name: 'API', text: `no answer for ${spanText(silent)}`, tone: 'bad' }];
  const ofServices = [...exchangeParts(health), ...givenUpPart(health)];
  return [...socketParts(health), pricePart(seen), sweepPart(health, now), ...ofServices];
}

/** The worst of them. */
export const worstOf = (parts: readonly MonitorPart[]): MonitorTone =>
  parts.some(({ tone }) => tone === 'bad')
    ? 'bad'
    : parts.some(({ tone }) => tone === 'warn')
      ? 'warn'
      : 'good';

function socketParts({ websocket_manager: sockets }: Health): readonly MonitorPart[] {
  if (!sockets.is_running) return [{ name: 'Sockets', text: 'the price stream is not running', tone: 'bad' }];
  const sources = sockets.sources.map(({ name, connected, trouble, connections }): MonitorPart => {
    const up = connections.filter((one) => one.connected).length;
    const count =
      connections.length === 0 ? (connected ? 'connected' : 'away') : `${up}/${connections.length} sockets`;
    const tone = !connected || trouble !== null ? 'bad' : up < connections.length ? 'warn' : 'good';
    return { name, text: trouble === null ? count : `${count}, ${trouble}`, tone };
  });
  const own: MonitorPart = {
    name: sockets.source ?? 'Sockets',
    text: sockets.connected ? 'connected' : (sockets.trouble ?? 'away'),
    tone: sockets.connected ? 'good' : 'bad',
  };
  const refused = sockets.failed_subscriptions.length;
  return [
    ...(sources.length === 0 ? [own] : sources),
    ...(refused === 0
      ? []
      : [{ name: 'Symbols', text: `${refused} without full prices`, tone: 'warn' as const }]),
  ];
}

/** The oldest price counts: its position is the one that is watched the least. */
function pricePart({ prices, now }: MonitorsSeen): MonitorPart {
  const name = 'Prices';
  if (prices.length === 0) return { name, text: 'none needed', tone: 'good' };
  const missing = prices.filter(({ at }) => at === null);
  const [first] = missing;
  if (first !== undefined)
    return {
      name,
      text: missing.length === 1 ? `none of ${first.symbol}` : `none of ${missing.length} symbols`,
      tone: 'bad',
    };
  const oldest = Math.max(...prices.map(({ at }) => now - Date.parse(at ?? '')));
  const tone = oldest > STALE_PRICE_MS ? 'bad' : oldest > OLD_PRICE_MS ? 'warn' : 'good';
  return { name, text: `oldest ${spanText(oldest)}`, tone };
}

function sweepPart({ order_monitor: monitor }: Health, now: number): MonitorPart {
  const { is_running, last_check } = monitor;
  const ago = last_check === null ? 'never yet' : `${spanText(now - Date.parse(last_check))} ago`;
  return {
    name: 'Sweeps',
    text: is_running ? ago : `not running, last ${ago}`,
    tone: is_running ? 'good' : 'bad',
  };
}

/** Shown where there are any: nothing is lost by one, but somebody has to look. */
function givenUpPart({ dead_letters: counted }: Health): readonly MonitorPart[] {
  const found = (counted?.queues ?? []).filter(({ messages }) => messages > 0);
  if (found.length === 0) return [];
  const text = found.map(({ queue, messages }) => `${messages} in ${queue}`).join(', ');
  return [{ name: 'Dead letters', text, tone: 'bad' }];
}

function exchangeParts({ binance }: Health): readonly MonitorPart[] {
  if (binance === undefined) return [];
  const { user_data: data, budget, comparisons } = binance;
  const parts: MonitorPart[] = [];
  if (data.wallets > 0) {
    const isWhole = data.subscribed >= data.wallets;
    const waiting = data.gaps_open > 0 ? `, ${data.gaps_open} gaps being read` : '';
    parts.push({
      name: 'Order reports',
      text: `${data.subscribed}/${data.wallets} wallets${waiting}`,
      tone: isWhole ? (data.gaps_open > 0 ? 'warn' : 'good') : 'bad',
    });
  }
  if (budget?.blocked === true)
    parts.push({
      name: 'Exchange',
      text: `blocks requests (${budget.blocked_for ?? 'unknown'})`,
      tone: 'bad',
    });
  if (comparisons !== null || data.buffered > 0) {
    const waiting = (comparisons?.waiting ?? 0) + data.buffered;
    const long = (comparisons?.oldest_wait_seconds ?? 0) > LONG_WAIT_SECONDS;
    parts.push({
      name: 'Queues',
      text: waiting === 0 ? 'empty' : `${waiting} waiting, oldest ${comparisons?.oldest_wait_seconds ?? 0}s`,
      tone: long ? 'warn' : 'good',
    });
  }
  return parts;
}

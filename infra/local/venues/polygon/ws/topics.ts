/** Topics (`XT.BTC-USD`, `T.BRK.B`, `C.*`) and what one connection holds of them (facts 2.4, 4.1). */
import { channelsOf } from '../market/messages.ts';
import type { Cluster } from '../market/symbols.ts';

export interface Topic {
  readonly channel: string;
  /** `*` for all. Forex pairs with a slash, whatever was sent. */
  readonly symbol: string;
  /** As it was sent: the confirmation repeats it. */
  readonly text: string;
}

/** null: no topic, or a channel that the cluster does not have. Both are passed over in silence. */
export function readTopic(cluster: Cluster, text: string): Topic | null {
  const dot = text.indexOf('.');
  const channel = text.slice(0, Math.max(0, dot));
  const symbol = text.slice(dot + 1);
  if (dot < 0 || symbol === '' || !channelsOf(cluster).includes(channel)) return null;
  return { channel, symbol: payloadName(cluster, channel, symbol), text };
}

/** FMV topics name symbols as its payloads do (`X:BTC-USD`, `C:EURUSD`); markets by their own names. */
function payloadName(cluster: Cluster, channel: string, symbol: string): string {
  const bare = channel === 'FMV' ? symbol.replace(/^[XC]:/, '') : symbol;
  if (cluster !== 'forex') return bare;
  const withSlash = bare.replace('-', '/');
  return /^[A-Z]{6}$/.test(withSlash) ? `${withSlash.slice(0, 3)}/${withSlash.slice(3)}` : withSlash;
}

interface Channel {
  all: boolean;
  readonly symbols: Set<string>;
}

export class Holdings {
  private readonly channels = new Map<string, Channel>();

  add({ channel, symbol }: Topic): void {
    const held = this.channels.get(channel) ?? { all: false, symbols: new Set() };
    this.channels.set(channel, held);
    if (symbol === '*') held.all = true;
    else held.symbols.add(symbol);
  }

  /** This very topic; a wildcard holds no single one. */
  has({ channel, symbol }: Topic): boolean {
    const held = this.channels.get(channel);
    return held !== undefined && (symbol === '*' ? held.all : held.symbols.has(symbol));
  }

  /** @returns false when it is not held */
  remove({ channel, symbol }: Topic): boolean {
    const held = this.channels.get(channel);
    if (held === undefined) return false;
    if (symbol !== '*') return held.symbols.delete(symbol);
    const was = held.all;
    held.all = false;
    return was;
  }

  holds(channel: string, symbol: string): boolean {
    const held = this.channels.get(channel);
    return held !== undefined && (held.all || held.symbols.has(symbol));
  }

  /** As topics. */
  list(): readonly string[] {
    return [...this.channels].flatMap(([channel, { all, symbols }]) => [
      ...(all ? [`${channel}.*`] : []),
      ...[...symbols].map((symbol) => `${channel}.${symbol}`),
    ]);
  }
}

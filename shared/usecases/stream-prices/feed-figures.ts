/**
 * What is told of a feed and its sources every 20 s (the specification's ws:* as metrics): counts since the last time. A
 * feed that is opened anew begins at zero; these go on.
 */
import type { FeedStats } from '../../ports/feed.ts';

interface Counts {
  readonly messages: number;
  readonly errors: number;
}

const NONE: Counts = { messages: 0, errors: 0 };

/** Counts that only grow, over feeds that come and go. */
export class RunningCounts {
  #total: Counts = NONE;
  #seen: Counts = NONE;

  /** A new feed counts from zero. */
  reopen(): void {
    this.#seen = NONE;
  }

  take({ messagesReceived: messages, errors }: FeedStats): Counts {
    this.#total = {
      messages: this.#total.messages + messages - this.#seen.messages,
      errors: this.#total.errors + errors - this.#seen.errors,
    };
    this.#seen = { messages, errors };
    return this.#total;
  }
}

/** Counts since the last call. */
export class Increments {
  #told: Counts = NONE;

  since({ messages, errors }: Counts): {
    readonly ws_messages_total: number;
    readonly ws_errors_total: number;
  } {
    const before = this.#told;
    this.#told = { messages, errors };
    return { ws_messages_total: messages - before.messages, ws_errors_total: errors - before.errors };
  }
}

/** The same for each of several sources, by its name. */
export class SourceMetrics {
  readonly #sources = new Map<string, { readonly counts: RunningCounts; readonly increments: Increments }>();

  reopen(): void {
    for (const { counts } of this.#sources.values()) counts.reopen();
  }

  /** Nothing where there is one source: what is told of the feed is told of it. */
  of({
    parts = [],
  }: FeedStats): readonly { readonly venue: string; readonly values: Record<string, number> }[] {
    return parts.map((part) => {
      let source = this.#sources.get(part.name);
      if (source === undefined) {
        source = { counts: new RunningCounts(), increments: new Increments() };
        this.#sources.set(part.name, source);
      }
      const increments = source.increments.since(source.counts.take(part));
      return { venue: part.name, values: { ws_connected: part.connected ? 1 : 0, ...increments } };
    });
  }
}

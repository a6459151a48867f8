/** One subscription: what became of it, and whether it brings anything. */

/** `unanswered`: an unknown channel, or an answer that was lost: what it brings tells. */
export type TopicState = 'waiting' | 'live' | 'refused' | 'unanswered';

export class Topic {
  /** `XT.BTC-USD` */
  readonly name: string;
  state: TopicState = 'waiting';
  /** Why it is refused or unanswered. */
  reason: string | null = null;
  /** It was left unanswered once among others: asked for alone, so that it keeps none of them waiting. */
  isAlone = false;
  /** Since when it could have brought something, epoch ms; null = not confirmed. */
  liveSince: number | null = null;
  heard = false;

  constructor(name: string) {
    this.name = name;
  }

  confirmed(now: number): void {
    this.state = 'live';
    this.reason = null;
    this.isAlone = false;
    this.liveSince ??= now;
  }

  /** Data is better than any confirmation. */
  hear(now: number): void {
    this.heard = true;
    if (this.state !== 'live') this.confirmed(now);
  }

  failed(state: 'refused' | 'unanswered', reason: string): void {
    this.state = state;
    this.reason = reason;
    this.liveSince = null;
  }

  /** The session is gone; it is asked for anew on the next one. */
  lost(): void {
    this.state = 'waiting';
    this.reason = null;
    this.liveSince = null;
    this.heard = false;
  }
}

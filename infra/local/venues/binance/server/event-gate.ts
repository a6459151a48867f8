/**
 * Holds user-data events back until the answer of the request that caused them is out (or not, as configured:
 * the documentation is silent). Events never overtake each other here.
 */
import type { UserEvent } from '../contract.ts';

export type Done<T> = { readonly value: T } | { readonly error: unknown };

export class EventGate {
  private readonly waiting: UserEvent[] = [];
  private readonly pass: (event: UserEvent) => void;
  private readonly eventsFirst: boolean;
  /** Requests that were carried out and whose answer is not out yet. */
  private unanswered = 0;

  constructor(pass: (event: UserEvent) => void, eventsFirst: boolean) {
    this.pass = pass;
    this.eventsFirst = eventsFirst;
  }

  /** Takes an event from the exchange. */
  take(event: UserEvent): void {
    if (this.unanswered === 0) this.pass(event);
    else this.waiting.push(event);
  }

  /**
   * Runs `work`; events wait from now until `release` is called (once or more often). An error of `work` comes
   * back as a value, so that its events can be let go too.
   */
  hold<T>(work: () => T): { readonly result: Done<T>; readonly release: () => void } {
    let isHolding = !this.eventsFirst;
    if (isHolding) this.unanswered += 1;
    const release = (): void => {
      if (!isHolding) return;
      isHolding = false;
      this.unanswered -= 1;
      if (this.unanswered > 0) return;
      for (const event of this.waiting.splice(0)) this.pass(event);
    };
    try {
      return { result: { value: work() }, release };
    } catch (error) {
      return { result: { error }, release };
    }
  }
}

/** User-data events on their way out: duplicated, dropped, delayed, reordered, or cut off in the middle. */
import type { UserEvent } from '../contract.ts';
import type { EventFault } from './fault-rules.ts';

export interface EventOutlet {
  readonly faultsOf: (event: UserEvent) => readonly EventFault[];
  readonly send: (event: UserEvent) => void;
  readonly disconnect: (uid: number) => void;
}

interface Batch {
  readonly events: UserEvent[];
  readonly count: number;
  readonly timer: NodeJS.Timeout;
}

export class EventSpoiler {
  private readonly outlet: EventOutlet;
  private readonly timers = new Set<NodeJS.Timeout>();
  /** By account: what is held to be sent in reverse. */
  private readonly batches = new Map<number, Batch>();

  constructor(outlet: EventOutlet) {
    this.outlet = outlet;
  }

  take(event: UserEvent): void {
    const faults = this.outlet.faultsOf(event);
    const fault = <K extends EventFault['kind']>(kind: K) =>
      faults.find((f): f is Extract<EventFault, { kind: K }> => f.kind === kind);
    const cut = fault('disconnect');
    if (cut?.event === 'before') this.outlet.disconnect(event.uid);
    if (fault('drop_event') === undefined) {
      const delay = fault('delay_event');
      const copies = fault('duplicate_event') === undefined ? 1 : 2;
      for (let n = 0; n < copies; n += 1) {
        if (delay !== undefined) this.after(delay.ms, () => this.outlet.send(event));
        else this.inOrder(event, fault('reorder_events'));
      }
    }
    if (cut?.event === 'after') this.outlet.disconnect(event.uid);
  }

  private inOrder(
    event: UserEvent,
    reorder: { readonly count: number; readonly ms: number } | undefined,
  ): void {
    let batch = this.batches.get(event.uid);
    if (batch === undefined && reorder !== undefined) {
      const timer = this.after(reorder.ms, () => this.letGo(event.uid));
      batch = { events: [], count: reorder.count, timer };
      this.batches.set(event.uid, batch);
    }
    if (batch === undefined) {
      this.outlet.send(event);
      return;
    }
    batch.events.push(event);
    if (batch.events.length >= batch.count) this.letGo(event.uid);
  }

  private letGo(uid: number): void {
    const batch = this.batches.get(uid);
    if (batch === undefined) return;
    this.batches.delete(uid);
    clearTimeout(batch.timer);
    this.timers.delete(batch.timer);
    for (const event of batch.events.reverse()) this.outlet.send(event);
  }

  private after(ms: number, work: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      work();
    }, ms);
    this.timers.add(timer);
    return timer;
  }

  stop(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }
}

/**
 * Whose batch goes to the cache next, over all symbols of one writer (design section 10).
 *
 * Always true:
 * - what is urgent waits for nobody, and finds few ordinary calls before it on the connection: [16], and four times as many
 *   where symbols are late;
 * - of the others, whose time has come, the one goes first that has been due for longest;
 * - late is who has been due for [100 ms]: where this process is so busy that answers are read late, their number says little
 *   of the cache;
 * - with more to do than the cache or this process can, turns come later and batches are larger: calls do not pile up,
 *   and nothing is left out: who is late waits for other ordinary calls alone, however many urgent ones there are.
 */

const OVERDUE_MS = 100;
/** So many times as many may be under way then. */
const OVERDUE_TIMES = 4;

/** What a symbol has of the turns. A turn is given by calling `go`, and is over with `leave`. */
export interface Place {
  /** When its turn is due, running time in ms; null = it does not wait for one. */
  readonly dueAt: number | null;
  /**
   * Waits for a turn from `dueAt` on; urgent: has it at once, whatever the others have. What it had or waited for before is
   * over. May call back before it returns.
   */
  wait(dueAt: number, go: () => void, isUrgent?: boolean): void;
  /** Where it waits, it has its turn at once. */
  hurry(): void;
  /** The turn, or the wait for it, is over. May be called again. */
  leave(): void;
}

export class SendTurns {
  readonly #most: number;
  readonly #overdueMs: number;
  /** By due time. */
  readonly #waiting: Waiting[] = [];
  #underWay = 0;
  #ordinary = 0;
  #timer: NodeJS.Timeout | null = null;
  #wakesAt = Number.POSITIVE_INFINITY;

  /** `most`: ordinary calls under way at the same time. `overdueMs`: who has waited for so long goes all the same. */
  constructor(most: number, overdueMs = OVERDUE_MS) {
    this.#most = most;
    this.#overdueMs = overdueMs;
  }

  place(): Place {
    return new Waiting({
      wait: (place, dueAt) => {
        this.#insert(place, dueAt);
        this.#give();
      },
      withdraw: (place) => void this.#waiting.splice(this.#waiting.indexOf(place), 1),
      begin: (isUrgent) => {
        this.#underWay += 1;
        if (!isUrgent) this.#ordinary += 1;
      },
      end: (wasUrgent) => {
        this.#underWay -= 1;
        if (!wasUrgent) this.#ordinary -= 1;
        this.#give();
      },
    });
  }

  /** Mostly the last one: all wait equally long. */
  #insert(place: Waiting, dueAt: number): void {
    let at = this.#waiting.length;
    while (at > 0 && (this.#waiting[at - 1]?.dueAt ?? 0) > dueAt) at -= 1;
    this.#waiting.splice(at, 0, place);
  }

  #give(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      // Who ends a turn gives the next one.
      if (this.#ordinary >= this.#most * OVERDUE_TIMES) return;
      const dueAt = (next.dueAt ?? 0) + (this.#underWay < this.#most ? 0 : this.#overdueMs);
      if (dueAt > performance.now()) {
        this.#wakeAt(dueAt);
        return;
      }
      this.#waiting.shift();
      next.go(false);
    }
  }

  #wakeAt(dueAt: number): void {
    if (dueAt >= this.#wakesAt) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#wakesAt = dueAt;
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        this.#wakesAt = Number.POSITIVE_INFINITY;
        this.#give();
      },
      Math.ceil(dueAt - performance.now()),
    );
  }
}

interface Parent {
  readonly wait: (place: Waiting, dueAt: number) => void;
  readonly withdraw: (place: Waiting) => void;
  readonly begin: (isUrgent: boolean) => void;
  readonly end: (wasUrgent: boolean) => void;
}

class Waiting implements Place {
  readonly #parent: Parent;
  #dueAt: number | null = null;
  #go: () => void = () => undefined;
  #hasTurn = false;
  #isUrgent = false;

  constructor(parent: Parent) {
    this.#parent = parent;
  }

  get dueAt(): number | null {
    return this.#dueAt;
  }

  wait(dueAt: number, go: () => void, isUrgent = false): void {
    this.leave();
    this.#go = go;
    if (isUrgent) {
      this.go(true);
      return;
    }
    this.#dueAt = dueAt;
    this.#parent.wait(this, dueAt);
  }

  hurry(): void {
    if (this.#dueAt === null) return;
    this.#withdraw();
    this.go(true);
  }

  /** The turn has come: it stands in the line no longer. */
  go(isUrgent: boolean): void {
    this.#dueAt = null;
    this.#hasTurn = true;
    this.#isUrgent = isUrgent;
    this.#parent.begin(isUrgent);
    this.#go();
  }

  leave(): void {
    this.#withdraw();
    if (!this.#hasTurn) return;
    this.#hasTurn = false;
    this.#parent.end(this.#isUrgent);
  }

  #withdraw(): void {
    if (this.#dueAt === null) return;
    this.#dueAt = null;
    this.#parent.withdraw(this);
  }
}

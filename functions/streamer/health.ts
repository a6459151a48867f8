/**
 * Whether this process should be replaced (design section 20): its loop runs, and its parts are well. A part that is not gets
 * time to recover by itself. What only the outside can mend (a source that is away) is no reason: a new process could do no
 * better, and it has alarms of its own.
 */
import { createServer, type Server } from 'node:http';

/** A part of the process, and whether it does its work now. */
export interface Watched {
  readonly name: string;
  isWell(): boolean;
}

/** [3 min] So long a part may be unwell. */
export const TOLERATED_MS = 180_000;

export class Health {
  readonly #parts: readonly Watched[];
  readonly #now: () => number;
  /** Since when, of those that were unwell when they were last looked at. */
  readonly #unwellSince = new Map<string, number>();

  /** `now`: any clock of ms that never goes back. */
  constructor(parts: readonly Watched[], now: () => number = () => performance.now()) {
    this.#parts = parts;
    this.#now = now;
  }

  /** Looks at each part; answers those that have been unwell for longer than is tolerated, by name. */
  look(): readonly string[] {
    const now = this.#now();
    return this.#parts.flatMap((part) => {
      if (part.isWell()) {
        this.#unwellSince.delete(part.name);
        return [];
      }
      const since = this.#unwellSince.get(part.name) ?? now;
      this.#unwellSince.set(part.name, since);
      return now - since > TOLERATED_MS ? [part.name] : [];
    });
  }
}

/** Answers on this machine's own address only: 200, or 503 with the names of parts that are unwell. */
export function serveHealth(health: Health, port: number): Promise<Server> {
  const server = createServer((_, response) => {
    const unwell = health.look();
    response.writeHead(unwell.length === 0 ? 200 : 503, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ unwell }));
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

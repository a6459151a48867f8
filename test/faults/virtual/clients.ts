/** Clients of the API: each request goes to a function's container, and is repeated with the same key. */

import type { Result } from '../../../shared/domain/result.ts';
import type { Refusal } from '../../../shared/usecases/refusal.ts';
import type { UseCases } from '../../support/use-cases.ts';
import type { Gate, Proc } from './proc.ts';
import type { Chance } from './random.ts';
import { type Machine, makeSystem } from './system.ts';

/** A client gives up waiting after this. */
const PATIENCE_MS = 10_000;
const FIRST_PAUSE_MS = 200;

interface Container {
  readonly proc: Proc;
  readonly useCases: UseCases;
}

export type Answer<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'refused'; readonly code: string }
  /** An error, or none at all: what happened is not known. */
  | { readonly kind: 'none' };

export class Api {
  readonly #machine: Machine;
  readonly #makeProc: (name: string) => Proc;
  readonly #idle: Container[] = [];
  #made = 0;

  constructor(machine: Machine, makeProc: (name: string) => Proc) {
    this.#machine = machine;
    this.#makeProc = makeProc;
  }

  get gate(): Gate {
    return this.#machine.gate;
  }

  /** One request. Never rejects. */
  ask<T>(work: (useCases: UseCases) => Promise<Result<T, Refusal>>): Promise<Answer<T>> {
    const { kernel } = this.gate;
    const container = this.#container();
    const { proc, useCases } = container;
    proc.wasStruck = false;
    const { promise, resolve } = Promise.withResolvers<Answer<T>>();
    const none = (): void => resolve({ kind: 'none' });
    const patience = kernel.after(PATIENCE_MS, none);
    proc.onKill(none);
    const answered = (answer: Answer<T>): void => {
      this.#idle.push(container);
      resolve(answer);
    };
    this.gate
      .run(proc, () => work(useCases))
      .then(
        (result) =>
          answered(
            result.ok ? { kind: 'ok', value: result.value } : { kind: 'refused', code: result.error.code },
          ),
        (error: unknown) => {
          if (!proc.wasStruck) this.#machine.onUnexplained(proc, error);
          answered({ kind: 'none' });
        },
      );
    return promise.finally(() => {
      patience.fire = null;
    });
  }

  #container(): Container {
    const idle = this.#idle.pop();
    if (idle?.proc.isAlive === true) return idle;
    const proc = this.#makeProc(`api-${++this.#made}`);
    return { proc, useCases: makeSystem(this.#machine, proc).useCases };
  }
}

export interface Repeats {
  /** How often the request is made at most (until it was answered, `isEager`: always). */
  readonly times: number;
  readonly isEager: boolean;
  readonly inParallel: boolean;
}

export const drawRepeats = (chance: Chance): Repeats => ({
  times: chance.between(1, 5),
  isEager: chance.happens(0.5),
  inParallel: chance.happens(0.3),
});

/** Every answer that came. */
export async function askAgain<T>(
  api: Api,
  chance: Chance,
  { times, isEager, inParallel }: Repeats,
  work: (useCases: UseCases) => Promise<Result<T, Refusal>>,
): Promise<readonly Answer<T>[]> {
  const { kernel } = api.gate;
  if (inParallel) {
    return Promise.all(
      Array.from({ length: times }, async () => {
        await kernel.sleep(chance.between(0, 30));
        return api.ask(work);
      }),
    );
  }
  const answers: Answer<T>[] = [];
  for (let n = 0; n < times; n++) {
    const answer = await api.ask(work);
    answers.push(answer);
    if (answer.kind !== 'none' && !isEager) break;
    await kernel.sleep(FIRST_PAUSE_MS * 2 ** n + chance.between(0, 200));
  }
  return answers;
}

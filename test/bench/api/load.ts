/** The process that asks (load-child.ts), as the bench drives it. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { BenchRequest } from './requests.ts';
import type { Sample } from './statistics.ts';

export interface Load {
  /** `as planned`: each when it is due; `one by one`: each a pause after the answer before. */
  readonly mode: 'as planned' | 'one by one';
  readonly api: string;
  /** By the number of the trader. */
  readonly tokens: readonly string[];
  readonly requests: readonly BenchRequest[];
  /** Between one answer and the next request. */
  readonly gapMs: number;
}

export type LoadSaid =
  | { readonly say: 'done'; readonly samples: readonly Sample[] }
  | { readonly say: 'failed'; readonly error: string };

export class LoadProcess {
  readonly #child: ChildProcess;

  constructor() {
    this.#child = fork(fileURLToPath(new URL('./load-child.ts', import.meta.url)), [], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error('the process that asks has not started');
    return pid;
  }

  /** @throws when that process fails */
  async run(load: Load): Promise<readonly Sample[]> {
    this.#child.send(load);
    const [said] = (await Promise.race([
      once(this.#child, 'message'),
      once(this.#child, 'exit').then(([code]) => {
        throw new Error(`the process that asks ended with ${code}`);
      }),
    ])) as [LoadSaid];
    if (said.say === 'failed') throw new Error(`the process that asks: ${said.error}`);
    return said.samples;
  }

  stop(): void {
    if (this.#child.connected) this.#child.disconnect();
  }
}

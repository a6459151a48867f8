/** The owner of the wallets pauses them for a moment, now and then. */
import type { Api } from './clients.ts';
import type { Kernel } from './kernel.ts';
import { type Outside, USER } from './outside.ts';
import type { Chance } from './random.ts';

export interface OwnerParts {
  readonly api: Api;
  readonly kernel: Kernel;
  readonly outside: Outside;
  readonly chance: Chance;
}

export class Owner {
  readonly #parts: OwnerParts;
  pauses = 0;

  constructor(parts: OwnerParts) {
    this.#parts = parts;
  }

  /** Pauses a wallet about every so many ms until then. */
  async run(everyMs: number, endAt: number): Promise<void> {
    const { kernel, chance, outside } = this.#parts;
    for (;;) {
      await kernel.sleep(chance.between(1, 2 * everyMs));
      if (kernel.now >= endAt) return;
      const { walletId } = chance.pick(outside.plans);
      this.pauses += 1;
      await this.#tell(walletId, 'pause');
      await kernel.sleep(chance.between(100, 2_000));
      await this.#tell(walletId, 'resume');
    }
  }

  async #tell(walletId: string, what: 'pause' | 'resume'): Promise<void> {
    await this.#parts.api.ask((uc) => uc.wallets[what]({ userId: USER, walletId, reason: null }));
  }
}

/**
 * The owner of the wallets sets them limits of loss, pauses them for a moment, now and then, and deletes one that is not
 * needed any more.
 */
import { isFinal } from '../../../shared/domain/orders.ts';
import { isClosed } from '../../../shared/domain/positions.ts';
import { isDeleted } from '../../../shared/domain/wallets.ts';
import type { Api } from './clients.ts';
import type { Kernel } from './kernel.ts';
import { type Outside, USER } from './outside.ts';
import type { Chance } from './random.ts';
import type { LossLimit } from './scenario.ts';

export interface OwnerParts {
  readonly api: Api;
  readonly kernel: Kernel;
  readonly outside: Outside;
  readonly chance: Chance;
}

export class Owner {
  readonly #parts: OwnerParts;
  /** Of its own: what else happens in a run stays as it was. */
  readonly #stopping: Chance;
  pauses = 0;
  deletions = 0;
  /** Wallets that were resumed once, by whomever they were paused. */
  readonly resumed = new Set<string>();

  constructor(parts: OwnerParts) {
    this.#parts = parts;
    this.#stopping = parts.chance.fork('stopping');
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

  /** Sets a wallet's limits of loss, again and again until it has been told that they are set. */
  async limit({ walletId, afterMs, limits }: LossLimit, endAt: number): Promise<void> {
    const { kernel, api } = this.#parts;
    await kernel.sleep(afterMs);
    while (kernel.now < endAt) {
      const answer = await api.ask((uc) => uc.wallets.setLimits({ userId: USER, walletId, limits }));
      if (answer.kind === 'ok') return;
      await kernel.sleep(2_000);
    }
  }

  /**
   * Deletes a wallet in which everything is over, looking about each so many ms until then; in one look of five also one
   * that is in use. One that was not used yet stays: nothing would happen in it any more.
   */
  async leave(everyMs: number, endAt: number): Promise<void> {
    const { kernel, outside, api } = this.#parts;
    const chance = this.#parts.chance.fork('leaving');
    for (;;) {
      await kernel.sleep(chance.between(1, 2 * everyMs));
      if (kernel.now >= endAt) return;
      const { walletId } = chance.pick(outside.plans);
      const isRash = chance.happens(0.2);
      const use = this.#useOf(walletId);
      if (use === 'none' || (use === 'live' && !isRash)) continue;
      this.deletions += 1;
      await api.ask((uc) => uc.wallets.delete({ userId: USER, walletId }));
    }
  }

  #useOf(walletId: string): 'none' | 'live' | 'over' {
    const { ledger, wallets } = this.#parts.outside;
    const wallet = wallets.items.get(walletId);
    const orders = [...ledger.orderItems.values()].filter((o) => o.walletId === walletId);
    if (wallet === undefined || isDeleted(wallet) || orders.length === 0) return 'none';
    const positions = [...ledger.positionItems.values()].filter((p) => p.walletId === walletId);
    return positions.every(isClosed) && orders.every((o) => isFinal(o.status)) ? 'over' : 'live';
  }

  async #tell(walletId: string, what: 'pause' | 'resume'): Promise<void> {
    const own = { userId: USER, walletId };
    const { api } = this.#parts;
    if (what === 'resume') this.resumed.add(walletId);
    if (what === 'resume') return void (await api.ask((uc) => uc.wallets.resume(own)));
    // One pause in ten also cancels what rests, and one in ten closes everything.
    const kind = this.#stopping.between(0, 9);
    const wish = { cancelEntries: kind === 0, flatten: kind === 1 };
    await api.ask((uc) => uc.wallets.pause({ ...own, reason: null, ...wish }));
  }
}

/**
 * Which symbols are followed (design section 11): those that somebody asks for, that have live positions or orders, or
 * that are configured; the others leave [10 min] after they were last needed.
 *
 * Always true: no symbol leaves that has a level in the index, a live position or a live order, and nobody leaves while
 * one of the places where that is known cannot be asked; what is known to be needed is followed all the same. The live index may lag by a moment; who places an order has asked for the symbol with it, so it
 * stays for [10 min] whatever the index shows, and what was overlooked all the same comes back with the next look at
 * everything live.
 */
import type { StreamPorts } from './ports.ts';
import type { StreamSettings } from './settings.ts';

export interface DemandTurn {
  readonly follow: readonly string[];
  readonly leave: readonly string[];
  /** What could not be asked; empty when all could. */
  readonly failures: readonly unknown[];
}

export class Demand {
  readonly #ports: Pick<StreamPorts, 'cache' | 'ledger' | 'index' | 'clock'>;
  readonly #settings: StreamSettings;
  /** Symbol -> until when it is followed, epoch ms. */
  readonly #until = new Map<string, number>();
  #liveAt = Number.NEGATIVE_INFINITY;

  constructor(ports: Pick<StreamPorts, 'cache' | 'ledger' | 'index' | 'clock'>, settings: StreamSettings) {
    this.#ports = ports;
    this.#settings = settings;
  }

  /** Asks what is needed now. Whoever leaves is not followed any more when this has answered. */
  async turn(): Promise<DemandTurn> {
    const { clock } = this.#ports;
    const failures: unknown[] = [];
    const attempt = async (ask: () => Promise<void>): Promise<void> => {
      try {
        await ask();
      } catch (error) {
        failures.push(error);
      }
    };
    await attempt(() => this.#lookAtWishes());
    await attempt(() => this.#lookAtLive());
    for (const symbol of this.#settings.fixedSymbols) this.#keep(symbol, clock.now());
    const leave: string[] = [];
    for (const [symbol, until] of this.#until) {
      if (until > clock.now() || failures.length > 0) continue;
      await attempt(async () => {
        if (await this.#isNeeded(symbol)) this.#keep(symbol, clock.now());
        else leave.push(symbol);
      });
    }
    for (const symbol of leave) this.#until.delete(symbol);
    return { follow: [...this.#until.keys()], leave, failures };
  }

  async #lookAtWishes(): Promise<void> {
    for (const [symbol, askedAt] of await this.#ports.cache.wantedSince()) this.#keep(symbol, askedAt);
  }

  async #lookAtLive(): Promise<void> {
    if (performance.now() - this.#liveAt < this.#settings.liveMs) return;
    const live = await this.#ports.ledger.liveSymbols();
    for (const symbol of live) this.#keep(symbol, this.#ports.clock.now());
    this.#liveAt = performance.now();
  }

  async #isNeeded(symbol: string): Promise<boolean> {
    const { index, ledger } = this.#ports;
    return (await index.hasLevels(symbol)) || (await ledger.isLive(symbol));
  }

  #keep(symbol: string, neededAt: number): void {
    const until = neededAt + this.#settings.leaveMs;
    if (until > (this.#until.get(symbol) ?? Number.NEGATIVE_INFINITY)) this.#until.set(symbol, until);
  }
}

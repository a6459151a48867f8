/**
 * Which symbols are followed (design section 11): those that somebody asks for, that have live positions or orders, or
 * that are configured; the others leave [10 min] after they were last needed.
 *
 * Always true: no symbol leaves that has a level in the index, a live position or a live order, or while one of the
 * three cannot be asked. The live index may lag by a moment; who places an order has asked for the symbol with it, so it
 * stays for [10 min] whatever the index shows, and what was overlooked all the same comes back with the next look at
 * everything live.
 */
import type { StreamPorts } from './ports.ts';
import type { StreamSettings } from './settings.ts';

export interface DemandTurn {
  readonly follow: readonly string[];
  readonly leave: readonly string[];
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
    const { cache, clock } = this.#ports;
    for (const [symbol, askedAt] of await cache.wantedSince()) this.#keep(symbol, askedAt);
    await this.#lookAtLive();
    for (const symbol of this.#settings.fixedSymbols) this.#keep(symbol, clock.now());
    const leave: string[] = [];
    for (const [symbol, until] of this.#until) {
      if (until > clock.now()) continue;
      if (await this.#isNeeded(symbol)) this.#keep(symbol, clock.now());
      else leave.push(symbol);
    }
    for (const symbol of leave) this.#until.delete(symbol);
    return { follow: [...this.#until.keys()], leave };
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

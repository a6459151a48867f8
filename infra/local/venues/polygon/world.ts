/** Carries out the faults that change the simulator itself. */
import type { Clock } from '../common/clock.ts';
import type { Buckets, FanOut } from './fan-out.ts';
import type { Faults, FaultWorld } from './faults/faults.ts';
import type { CutFault, WorldFault } from './faults/rules.ts';
import type { KeyTable } from './keys.ts';
import type { Market } from './market/market.ts';
import { CLUSTERS, type Cluster } from './market/symbols.ts';

export interface WorldParts {
  readonly clock: Clock;
  readonly keys: KeyTable;
  readonly market: Market;
  readonly fanOut: FanOut;
  readonly buckets: Buckets;
  readonly faults: Faults;
}

const PER_PERCENT = 100;
type Of<K extends WorldFault['kind']> = Extract<WorldFault, { kind: K }>;

export class World implements FaultWorld {
  private parts: WorldParts | null = null;
  /** Rates to return to when a burst is over. */
  private readonly usual = new Map<Cluster, number>();

  /** Faults and what they change know each other: the last of them closes the ring. */
  use(parts: WorldParts): void {
    this.parts = parts;
  }

  private get all(): WorldParts {
    if (this.parts === null) throw new Error('the simulator has not started yet');
    return this.parts;
  }

  cutAll(fault: CutFault, cluster: string | undefined): void {
    for (const name of CLUSTERS) {
      if (cluster === undefined || cluster === name) this.all.buckets[name].cutAll(fault);
    }
  }

  change(fault: WorldFault): void {
    const { clock, keys, market, buckets } = this.all;
    switch (fault.kind) {
      case 'zombie':
        this.silence(fault);
        return;
      case 'price':
        market.setPrice(fault.symbol, fault.price, fault.hold);
        return;
      case 'fast_move':
        this.fastMove(fault);
        return;
      case 'gap':
        this.gap(fault);
        return;
      case 'burst':
        this.burst(fault);
        return;
      case 'big_frame':
        buckets[fault.cluster].bigFrame(fault.bytes, () => market.tick(fault.cluster));
        return;
      case 'session':
        market.sessions.force(fault.cluster, fault.open);
        return;
      case 'restart':
        for (const name of CLUSTERS) {
          if ((fault.cluster ?? name) === name) buckets[name].restart(fault.ms, fault.status);
        }
        return;
      case 'revoke_key':
        if (!keys.revoke(fault.key)) throw new Error('revoke_key: there is no such key');
        return;
      case 'clock':
        clock.skew(fault.skewMs);
        return;
      default:
        nobody(fault);
    }
  }

  private silence({ cluster, symbols, ms }: Of<'zombie'>): void {
    const { market, fanOut } = this.all;
    for (const symbol of symbols ?? []) market.market(symbol);
    const until = ms === undefined ? Number.POSITIVE_INFINITY : Date.now() + ms;
    fanOut.silence({ cluster, symbols, until });
  }

  private fastMove({ symbol, percent, ms, steps }: Of<'fast_move'>): void {
    const { market, faults } = this.all;
    // Equal factors, whose product is the whole move.
    const factor = (1 + percent / PER_PERCENT) ** (1 / steps);
    market.market(symbol);
    for (let nth = 0; nth < steps; nth += 1) {
      const move = (): void => market.move(symbol, factor);
      const at = steps === 1 ? 0 : Math.round((ms * nth) / (steps - 1));
      if (at === 0) move();
      else faults.later(at, move);
    }
  }

  private gap({ symbol, percent, ms, offline }: Of<'gap'>): void {
    const { market, buckets, faults } = this.all;
    const { cluster } = market.market(symbol).symbol;
    const factor = 1 + percent / PER_PERCENT;
    if (offline) buckets[cluster].restart(ms, GAP_STATUS);
    market.move(symbol, factor);
    // Back before the first client is: nobody sees it on a socket, REST has it.
    faults.later(offline ? ms / 2 : ms, () => market.move(symbol, 1 / factor));
  }

  private burst({ cluster, rate, ms }: Of<'burst'>): void {
    const { market, faults } = this.all;
    const before = market.setRate(cluster, rate);
    const usual = this.usual.get(cluster) ?? before;
    this.usual.set(cluster, usual);
    faults.later(ms, () => {
      this.usual.delete(cluster);
      market.setRate(cluster, usual);
    });
  }

  /** After `DELETE /control/faults`: nothing is silent, no burst goes on, markets keep their calendar. */
  calm(): void {
    const { market, fanOut } = this.all;
    fanOut.clear();
    for (const [cluster, rate] of this.usual) market.setRate(cluster, rate);
    this.usual.clear();
    for (const cluster of CLUSTERS) market.sessions.force(cluster, null);
  }
}

const GAP_STATUS = 503;

function nobody(fault: never): never {
  throw new Error(`nothing carries out ${JSON.stringify(fault)}`);
}

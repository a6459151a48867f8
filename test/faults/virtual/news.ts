/**
 * The exchange's news on their way to the streamer: the product's own streamer over sessions that end, and events that
 * are dropped, doubled, late and out of order.
 */
import type { JsonObject, UserEvent } from '../../../infra/local/venues/binance/contract.ts';
import type { UserDataHandlers, UserDataSource, UserDataWallet } from '../../../shared/ports/user-data.ts';
import {
  USER_DATA_STREAM_DEFAULTS,
  type UserDataStreamSettings,
} from '../../../shared/usecases/stream-user-data/ports.ts';
import { UserDataStreamer } from '../../../shared/usecases/stream-user-data/user-data-streamer.ts';
import { USER_DATA_DEFAULTS, type UserDataParts } from '../../../shared/venues/binance/user-data/parts.ts';
import { type KnownSymbols, WalletStream } from '../../../shared/venues/binance/user-data/wallet-stream.ts';
import { EXCHANGE } from './outside.ts';
import type { Proc } from './proc.ts';
import type { Chance } from './random.ts';
import { type Machine, makePorts } from './system.ts';

/** All events of all accounts; who listens, listens to all of them. */
class Hub {
  readonly listeners = new Set<(event: UserEvent) => void>();

  tell(event: UserEvent): void {
    for (const listener of this.listeners) listener(event);
  }
}

/** One streamer's sessions. A wallet is subscribed a moment after it is watched, and again after each break. */
class Source implements UserDataSource {
  readonly #machine: Machine;
  readonly #proc: Proc;
  readonly #chance: Chance;
  readonly #hub: Hub;
  readonly #parts: UserDataParts;
  readonly #known: KnownSymbols = new Map();
  readonly #streams = new Map<number, WalletStream>();
  readonly #watched = new Map<number, UserDataWallet>();
  #session = 0;
  #isUp = true;
  readonly #listener = (event: UserEvent): void => this.#take(event);

  constructor(machine: Machine, proc: Proc, hub: Hub, chance: Chance, parts: UserDataParts) {
    this.#machine = machine;
    this.#proc = proc;
    this.#hub = hub;
    this.#chance = chance;
    this.#parts = parts;
    hub.listeners.add(this.#listener);
    proc.onKill(() => hub.listeners.delete(this.#listener));
  }

  watch(wallets: readonly UserDataWallet[]): void {
    const uids = new Set(wallets.map(({ sealedKeys }) => Number(sealedKeys)));
    for (const uid of this.#watched.keys()) {
      if (uids.has(uid)) continue;
      this.#watched.delete(uid);
      this.#streams.delete(uid);
    }
    for (const wallet of wallets) {
      const uid = Number(wallet.sealedKeys);
      if (this.#watched.has(uid)) continue;
      this.#watched.set(uid, wallet);
      this.#subscribe(uid, wallet, 'subscribed');
    }
  }

  #subscribe(uid: number, wallet: UserDataWallet, reason: string): void {
    const session = this.#session;
    const { gate } = this.#machine;
    const ms = gate.chaos.isOver ? 50 : this.#chance.between(50, 800);
    gate.kernel.after(ms, () => {
      if (session !== this.#session || !this.#isUp || this.#watched.get(uid) !== wallet) return;
      gate.tell(this.#proc, () => {
        const stream = new WalletStream(wallet, this.#parts, this.#known);
        stream.subscribedSince = gate.kernel.now;
        this.#streams.set(uid, stream);
        stream.gap(reason);
      });
    });
  }

  /** The session breaks; the next one is there after `ms`. */
  breakFor(ms: number): void {
    this.#session += 1;
    this.#isUp = false;
    this.#streams.clear();
    this.#machine.gate.trace.note('session_broken', () => this.#proc.name);
    this.#machine.gate.kernel.after(ms, () => {
      this.#isUp = true;
      for (const [uid, wallet] of this.#watched) this.#subscribe(uid, wallet, 'subscribed again');
    });
  }

  #take({ uid, event }: UserEvent): void {
    const stream = this.#streams.get(uid);
    if (stream === undefined) return;
    const { gate } = this.#machine;
    const { chaos, trace } = gate;
    const { dropped, doubled, late, lateMs } = chaos.weather.event;
    const isReport = event['e'] === 'executionReport';
    if (!chaos.isOver && isReport && this.#chance.happens(dropped)) {
      chaos.count('event_dropped');
      trace.note('event!dropped', () => JSON.stringify(event));
      return;
    }
    const isLate = !chaos.isOver && this.#chance.happens(late);
    if (isLate) chaos.count('event_late');
    this.#deliver(stream, event, isLate ? this.#chance.between(50, lateMs) : this.#chance.between(1, 30));
    if (chaos.isOver || !this.#chance.happens(doubled)) return;
    chaos.count('event_doubled');
    this.#deliver(stream, event, this.#chance.between(1, lateMs));
  }

  #deliver(stream: WalletStream, event: JsonObject, ms: number): void {
    const { gate } = this.#machine;
    const session = this.#session;
    gate.kernel.after(ms, () => {
      if (session !== this.#session) return;
      gate.tell(this.#proc, () => {
        gate.trace.note(`event.${String(event['e'])}`, () => JSON.stringify(event));
        stream.accept(event);
      });
    });
  }

  health() {
    return { connections: [], wallets: [...this.#streams.values()].map((stream) => stream.health()) };
  }

  async stop(): Promise<void> {
    this.#hub.listeners.delete(this.#listener);
  }
}

/** Rarer turns than a streamer makes: what they find is found a little later, and a run has fewer events. */
const SETTINGS: UserDataStreamSettings = {
  ...USER_DATA_STREAM_DEFAULTS,
  walletsMs: 5_000,
  gapsMs: 1_000,
  boardMs: 60_000,
};

export class News {
  readonly #machine: Machine;
  readonly #chance: Chance;
  readonly #hub = new Hub();
  #proc: Proc | null = null;
  #source: Source | null = null;
  #made = 0;

  constructor(machine: Machine, chance: Chance) {
    this.#machine = machine;
    this.#chance = chance;
    machine.outside.venue.exchange.onUserEvent((event) => this.#hub.tell(event));
  }

  /** Starts a streamer; one that dies is started again after a while, as a service does. */
  start(): void {
    const { gate } = this.#machine;
    const proc = this.#machine.outside.clocks.makeProc(`streamer-${++this.#made}`);
    this.#proc = proc;
    proc.onKill(() => {
      gate.kernel.after(gate.chaos.isOver ? 1_000 : this.#chance.between(1_000, 12_000), () => this.start());
    });
    const {
      ledger,
      outbox,
      clock,
      ids,
      log,
      venues: _venues,
      wallets,
      symbols,
    } = makePorts(this.#machine, proc);
    const settings = USER_DATA_DEFAULTS;
    const unused = (): never => {
      throw new Error('sessions are made here, not by connections');
    };
    const streamer = new UserDataStreamer(
      {
        environment: EXCHANGE,
        wallets,
        ledger,
        outbox,
        board: { write: async () => undefined },
        clock,
        ids,
        log,
        metrics: () => undefined,
        openSource: (handlers: UserDataHandlers) => {
          const parts: UserDataParts = {
            environment: EXCHANGE,
            url: '',
            openConnection: unused,
            keys: { open: unused },
            venueClock: { venueTime: unused, distrust: unused },
            budget: { ask: unused, correct: unused, block: unused },
            ...{ symbols, clock, log, handlers, settings },
          };
          this.#source = new Source(this.#machine, proc, this.#hub, this.#chance, parts);
          return this.#source;
        },
      },
      SETTINGS,
    );
    gate.run(proc, () => streamer.run()).catch(() => gate.kill(proc, 'the streamer failed'));
  }

  kill(): void {
    if (this.#proc !== null) this.#machine.gate.kill(this.#proc, 'by chance');
  }

  breakSession(ms: number): void {
    this.#source?.breakFor(ms);
  }
}

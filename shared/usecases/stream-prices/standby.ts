/**
 * Standing by (design section 11): the venue's public stream is open and follows what the writer follows, its last ticks are
 * kept, nothing is written. Who then becomes the writer goes on with both (writer-term.ts).
 */
import { Background, messageOf } from './background.ts';
import { Demand } from './demand.ts';
import type { StandbySource, StreamPorts } from './ports.ts';
import type { StreamSettings } from './settings.ts';
import { StandbyFeed } from './standby-feed.ts';
import type { Tally } from './tally.ts';

export class Standby {
  readonly feed: StandbyFeed;
  /** Goes over to the writer: who is needed is known already. */
  readonly demand: Demand;
  readonly #ports: StreamPorts;
  readonly #background: Background;
  readonly #over = new AbortController();
  readonly #symbols = new Set<string>();
  #failed = false;
  #ending: Promise<void> | null = null;

  constructor(source: StandbySource, ports: StreamPorts, settings: StreamSettings, tally: Tally) {
    const { clock, log } = ports;
    this.#ports = ports;
    this.demand = new Demand(ports, settings);
    this.#background = new Background(log, () => {
      tally.errors += 1;
    });
    this.feed = new StandbyFeed({
      ...source,
      clock,
      settings: {
        keepMs: settings.standbyMs,
        mostOfSymbol: settings.standbyTicksOfSymbol,
        most: settings.standbyTicks,
      },
      onFailed: (error) => this.#fail(error),
      onSkipped: ({ where, reason }) => log.warn('standby_input_skipped', { where, reason }),
    });
    this.#background.run('standby', async () => {
      try {
        await this.feed.open();
      } catch (error) {
        this.#fail(error);
        return;
      }
      log.info('standby_follows', { feed: this.feed.name });
      this.#background.loop('standby demand', settings.demandMs, () => this.#follow());
    });
  }

  /** Its source can bring nothing any more: another one has to be opened. */
  get isUseless(): boolean {
    return this.#failed;
  }

  /** Followed now. */
  get symbols(): readonly string[] {
    return [...this.#symbols];
  }

  /** This process is the writer now: nothing is forgotten any more, and the writer says who is followed. */
  freeze(): void {
    void this.#end();
    this.feed.freeze();
  }

  async stop(): Promise<void> {
    await Promise.all([this.#end(), this.feed.stop()]);
  }

  #end(): Promise<void> {
    this.#over.abort();
    this.#ending ??= this.#background.stop();
    return this.#ending;
  }

  #fail(error: unknown): void {
    this.#failed = true;
    this.#ports.log.error('standby_feed_failed', { feed: this.feed.name, error: messageOf(error) });
  }

  async #follow(): Promise<void> {
    if (this.#over.signal.aborted) return;
    const { follow, leave, failures } = await this.demand.turn();
    if (this.#over.signal.aborted) return;
    if (leave.length > 0) this.feed.unsubscribe(leave);
    for (const symbol of leave) this.#symbols.delete(symbol);
    const unknown = new Set(this.feed.subscribe(follow).unknown);
    for (const symbol of follow) if (!unknown.has(symbol)) this.#symbols.add(symbol);
    if (failures.length > 0) throw failures[0];
    if (leave.length > 0) this.#ports.log.info('standby_symbols_left', { symbols: leave.length });
  }
}

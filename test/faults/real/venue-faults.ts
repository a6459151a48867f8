/** What an exchange and a network do to requests, answers, reports and clocks, one thing after the other. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { SimulatorControl } from '../../support/simulator.ts';
import type { Draw } from './draw.ts';
import { MARKETS, venueSymbol } from './market.ts';
import type { Tally } from './tally.ts';

const LEAST_PAUSE_MS = 600;
const LONGEST_PAUSE_MS = 2_500;
/** Until an answer that is lost in time is given. */
const LONGEST_ANSWER_MS = 3_000;
/** An order that exists is not found for so long: well below the fence, as the design assumes of a venue. */
const LONGEST_LAG_MS = 5_000;
const LAG_HOLDS_MS = 6_000;
const LONGEST_SKEW_MS = 4_000;
const SKEW_HOLDS_MS = 5_000;
const THIN_HOLDS_MS = 4_000;

type Fault = Readonly<Record<string, unknown>>;
interface Rule {
  readonly when?: Fault;
  readonly times?: number;
  readonly do: Fault & { readonly kind: string };
}

const OPERATIONS = [
  'order.place',
  'order.cancel',
  'order.status',
  'orderList.place.oco',
  'myTrades',
] as const;
/** The shape of the book as the simulator starts with it. */
const DEEP = { levels: 20, levelNotional: '50000' };
const THIN = { levels: 2, levelNotional: '40' };
const CALM: readonly Rule['do'][] = [
  { kind: 'query_lag', ms: 0 },
  { kind: 'clock_skew', ms: 0 },
  ...MARKETS.map(({ symbol }) => ({ kind: 'book', symbol: venueSymbol(symbol), ...DEEP })),
];

export class VenueFaults {
  readonly #control: SimulatorControl;
  readonly #draw: Draw;
  readonly #tally: Tally;

  constructor(control: SimulatorControl, draw: Draw, tally: Tally) {
    this.#control = control;
    this.#draw = draw;
    this.#tally = tally;
  }

  /** Faults until it is told to stop; then none is left. */
  async run(stop: AbortSignal): Promise<void> {
    const pause = (ms: number) => sleep(ms, undefined, { signal: stop }).catch(() => undefined);
    while (!stop.aborted) {
      const holdMs = await this.#one();
      if (holdMs > 0) {
        await pause(holdMs);
        await this.#control.faults(CALM.map((fault) => ({ do: fault })));
      }
      await pause(this.#draw.between(LEAST_PAUSE_MS, LONGEST_PAUSE_MS));
    }
    await this.#calm();
  }

  /** Counts what struck, and takes every rule away. */
  async #calm(): Promise<void> {
    for (const { struck, rule } of await this.#control.armedFaults()) {
      const { kind } = (rule as Rule).do;
      if (struck > 0) this.#tally.count('venue faults', kind, struck);
    }
    await this.#control.clearFaults();
    await this.#control.faults(CALM.map((fault) => ({ do: fault })));
  }

  /** Arms one. Answers how long it holds, for those that last until they are taken back. */
  #one(): Promise<number> {
    return this.#draw.weighted<() => Promise<number>>([
      [12, () => this.#spoilRequest()],
      [8, () => this.#spoilReports()],
      [
        2,
        () => this.#lasting({ kind: 'query_lag', ms: this.#draw.between(300, LONGEST_LAG_MS) }, LAG_HOLDS_MS),
      ],
      [1, () => this.#skew()],
      [2, () => this.#thinBook()],
      [2, () => this.#sockets()],
    ])();
  }

  async #spoilRequest(): Promise<number> {
    const draw = this.#draw;
    const executed = draw.chance(60);
    const ms = draw.between(100, LONGEST_ANSWER_MS);
    const fault = draw.weighted<Rule['do']>([
      [3, { kind: 'lose_request' }],
      [5, { kind: 'lose_reply' }],
      [4, { kind: 'server_error', status: draw.pick([500, 502, 503]), executed }],
      [4, { kind: 'timeout', ms, executed }],
      [2, { kind: 'slow', ms, at: draw.pick(['before', 'after']) }],
      [1, { kind: 'late_timestamp' }],
      [1, { kind: 'malformed_body' }],
      [1, { kind: 'too_many_orders', retryAfterSeconds: 1 }],
    ]);
    const isOrder = fault.kind === 'late_timestamp' || fault.kind === 'too_many_orders';
    const operation = isOrder || draw.chance(65) ? 'order.place' : draw.pick(OPERATIONS);
    return this.#arm({ when: { operation }, times: draw.between(1, 2), do: fault });
  }

  async #spoilReports(): Promise<number> {
    const draw = this.#draw;
    const fault = draw.weighted<Rule['do']>([
      [3, { kind: 'duplicate_event' }],
      [3, { kind: 'drop_event' }],
      [3, { kind: 'delay_event', ms: draw.between(100, 6_000) }],
      [3, { kind: 'reorder_events', count: draw.between(2, 5), ms: 2_000 }],
      [2, { kind: 'disconnect', event: draw.pick(['before', 'after']) }],
    ]);
    return this.#arm({ when: { event: 'executionReport' }, times: draw.between(1, 4), do: fault });
  }

  #skew(): Promise<number> {
    const ms = this.#draw.between(-LONGEST_SKEW_MS, LONGEST_SKEW_MS);
    return this.#lasting({ kind: 'clock_skew', ms }, SKEW_HOLDS_MS);
  }

  #thinBook(): Promise<number> {
    const symbol = venueSymbol(this.#draw.pick(MARKETS).symbol);
    return this.#lasting({ kind: 'book', symbol, ...THIN }, THIN_HOLDS_MS);
  }

  #sockets(): Promise<number> {
    const fault = this.#draw.weighted<Rule['do']>([
      [2, { kind: 'cut_sockets', sockets: 'ws_api' }],
      [1, { kind: 'silent_sockets', sockets: 'ws_api' }],
      [1, { kind: 'server_shutdown', sockets: 'ws_api', ms: 1_000 }],
    ]);
    return this.#lasting(fault, 0);
  }

  async #arm(rule: Rule): Promise<number> {
    await this.#control.faults([rule]);
    return 0;
  }

  /** Without a condition: it is carried out at once, and is in no list of rules. */
  async #lasting(fault: Rule['do'], holdMs: number): Promise<number> {
    await this.#control.faults([{ do: fault }]);
    this.#tally.count('venue faults', fault.kind);
    return holdMs;
  }
}

/** One process's system: the product's own composition, everything outside behind the process's gate. */

import { createOutbox } from '../../../shared/adapters/sqs/outbox.ts';
import type { DemoStore } from '../../../shared/ports/demo-store.ts';
import type { RateBudget } from '../../../shared/ports/rate-budget.ts';
import type { Log, LogFields } from '../../../shared/ports/runtime.ts';
import type { Ports } from '../../../shared/usecases/ports.ts';
import { repeatBy } from '../../../shared/usecases/repeat.ts';
import { createBinanceWallets } from '../../../shared/venues/binance/wallets.ts';
import { createVenueFactory } from '../../../shared/venues/factory.ts';
import { MemoryClients } from '../../support/fakes/memory-clients.ts';
import { makeUseCases, type UseCases } from '../../support/use-cases.ts';
import { keyOf } from './exchange.ts';
import { EXCHANGE, type Outside } from './outside.ts';
import { type Gate, gated, type Proc } from './proc.ts';
import type { Chance } from './random.ts';
import { sqsClient } from './sqs.ts';
import { Wire } from './transport.ts';

export interface Machine {
  readonly gate: Gate;
  readonly outside: Outside;
  readonly chance: Chance;
  /** Told of everything that a process logs. */
  readonly onLog: (level: keyof Log, code: string, fields: LogFields, proc: Proc) => void;
  /** Told of an error of a process that no fault has struck. */
  readonly onUnexplained: (proc: Proc, error: unknown) => void;
}

export interface System {
  readonly ports: Ports;
  readonly useCases: UseCases;
}

const QUEUE_URLS = {
  submitQueueUrl: 'submit',
  exitsQueueUrl: 'exits',
  executionsQueueUrl: 'executions',
  triggersQueueUrl: 'triggers',
  reconcileQueueUrl: 'reconcile',
};

const CONFLICT = { conflict: () => ({ outcome: 'conflict', items: ['somebody else'] }) };
const CLAIM = { conflict: () => 'busy', isClaim: true } as const;
const STALE = { conflict: () => false };
const BOOK_CONFLICT = { conflict: () => 'conflict' };

export function logOf({ onLog }: Pick<Machine, 'onLog'>, proc: Proc): Log {
  const at =
    (level: keyof Log) =>
    (code: string, fields: LogFields = {}): void =>
      onLog(level, code, fields, proc);
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

export function makePorts(machine: Machine, proc: Proc): Ports {
  const { gate, outside, chance } = machine;
  const { clocks } = outside;
  const clock = { now: (): number => clocks.nowOf(proc) };
  const log = logOf(machine, proc);
  const ledger = gated(gate, proc, 'ledger', outside.ledger, {
    commit: CONFLICT,
    claim: CLAIM,
    moveDue: STALE,
  });
  const wallets = gated(gate, proc, 'wallets', outside.wallets);
  const index = gated(gate, proc, 'index', outside.index);
  const prices = gated(gate, proc, 'prices', outside.prices);
  const tape = gated(gate, proc, 'tape', outside.tape);
  const leases = gated(gate, proc, 'leases', outside.leases);
  const counters = gated(gate, proc, 'counters', outside.counters);
  const reconciles = gated(gate, proc, 'reconciles', outside.reconciles, { save: STALE });
  const store: DemoStore = gated(gate, proc, 'demo', outside.demo, { commit: BOOK_CONFLICT });
  const budget: RateBudget = gated(gate, proc, 'budget', outside.budget);
  const outbox = createOutbox({ client: sqsClient(gate, proc, outside.queues), ...QUEUE_URLS });
  const sleep = (ms: number): Promise<void> => gate.sleep(proc, ms);
  const venues = createVenueFactory({
    wallets,
    store,
    prices,
    outbox,
    symbols: outside.symbols,
    clock,
    log,
    pause: (attempt: number) => sleep(5 * 2 ** Math.min(attempt, 4)),
    binance: createBinanceWallets({
      environment: EXCHANGE,
      endpoints: { rest: 'http://exchange.invalid' },
      budget,
      clock,
      log,
      sleep,
      opener: { open: async (sealed) => ({ keyType: 'hmac', ...keyOf(Number(sealed)) }) },
      symbols: outside.symbols,
      transport: new Wire(outside.venue, gate, proc, chance.fork(`wire ${proc.name}`)),
    }),
  });
  const tokens = chance.fork(`tokens ${proc.name}`);
  return {
    ledger,
    wallets,
    // No machine clients trade in these runs.
    clients: new MemoryClients(),
    index,
    prices,
    tape,
    leases,
    counters,
    // Nobody looks at charts of a virtual run.
    metrics: () => undefined,
    outbox,
    venues,
    accounts: venues,
    reconciles,
    symbols: outside.symbols,
    symbolRefresh: { ask: async () => undefined },
    served: ['demo', EXCHANGE],
    clock,
    ids: { token: () => `${proc.name}-${tokens.between(0, 2 ** 31)}` },
    log,
    sleep,
    repeat: repeatBy(sleep),
  };
}

export function makeSystem(machine: Machine, proc: Proc): System {
  const ports = makePorts(machine, proc);
  return { ports, useCases: makeUseCases(ports, { monitorEnabled: true }) };
}

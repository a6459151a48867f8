/** A whole simulator in this process: an exchange with accounts, and its ports. For tests and for the command. */

import { Clock } from '../common/clock.ts';
import type { AccountOptions, ExchangeOptions } from './contract.ts';
import { createExchange, type SimulatedExchange } from './exchange/exchange.ts';
import { type ServerOptions, type SimulatorServer, startServer } from './server/server.ts';

export interface SimulatorOptions extends Omit<ServerOptions, 'exchange' | 'clock' | 'reports'> {
  /** Default: the machine's clock. Faults may skew it. */
  readonly now?: () => number;
  readonly accounts?: readonly AccountOptions[];
  readonly exchange?: Omit<ExchangeOptions, 'now'>;
}

export interface Simulator extends SimulatorServer {
  readonly exchange: SimulatedExchange;
  addAccount(options: AccountOptions): void;
}

/**
 * Starts it on 127.0.0.1. Prices are fed by the caller: `simulator.exchange.feedPrice`.
 * @throws when a port is taken, or FaultScriptError
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { now, accounts = [], exchange: exchangeOptions = {}, ...serverOptions } = options;
  const clock = new Clock(now);
  const exchange = createExchange({ ...exchangeOptions, now: clock.now });
  for (const account of accounts) exchange.addAccount(account);
  const server = await startServer({
    ...serverOptions,
    exchange,
    clock,
    reports: exchangeOptions.order?.reports ?? 'answer_first',
  });
  return { ...server, exchange, addAccount: (account) => exchange.addAccount(account) };
}

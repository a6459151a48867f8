/** The way of a price source's prices into the exchange; a symbol can be held, to set its price by hand. */
import type { Exchange } from '../contract.ts';

export type FedPrice = Parameters<Exchange['feedPrice']>[1];

export class FollowedPrices {
  private readonly exchange: Exchange;
  private readonly held = new Set<string>();
  private readonly known: (symbol: string) => boolean;

  constructor(exchange: Exchange) {
    this.exchange = exchange;
    this.known = (symbol) => exchange.symbols().includes(symbol);
  }

  /** From a source: symbols that are held, or not on this exchange, are left alone. */
  feed(symbol: string, price: FedPrice): void {
    if (!this.held.has(symbol) && this.known(symbol)) this.exchange.feedPrice(symbol, price);
  }

  /** By hand: goes in whether held or not. */
  set(symbol: string, price: FedPrice): void {
    this.exchange.feedPrice(symbol, price);
  }

  hold(symbol: string): void {
    this.held.add(symbol);
  }

  follow(symbol: string): void {
    this.held.delete(symbol);
  }
}

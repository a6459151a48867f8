/** The Binance simulator's control port, for tests: what happens at the exchange without its API. */
import type { AccountBooks } from '../../infra/local/venues/binance/contract.ts';

const TIMEOUT_MS = 10_000;

export class SimulatorControl {
  readonly #url: string;

  constructor(controlUrl: string) {
    this.#url = controlUrl;
  }

  async #call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as T;
  }

  /** What the exchange has of an account: balances, orders, trades. */
  books(uid: number): Promise<AccountBooks> {
    return this.#call('GET', `/control/books/${uid}`);
  }

  /** A price of our own: from now on the symbol no longer follows the system's. `size`: how much traded there. */
  price(symbol: string, price: { readonly last: string; readonly size?: string }): Promise<unknown> {
    return this.#call('POST', '/control/price', { symbol, ...price, hold: true });
  }

  /** The symbol follows the system's prices again. */
  follow(symbol: string): Promise<unknown> {
    return this.#call('POST', '/control/follow', { symbol });
  }

  /** An operation of the account's owner in the exchange's own app. */
  inTheApp<T>(uid: number, operation: string, params: Readonly<Record<string, string>>): Promise<T> {
    return this.#call('POST', '/control/order', { uid, operation, params });
  }

  faults(script: unknown): Promise<{ readonly ids: readonly number[] }> {
    return this.#call('POST', '/control/faults', script);
  }

  /** The rules in force, with how often each has struck. */
  armedFaults(): Promise<readonly { readonly struck: number; readonly rule: unknown }[]> {
    return this.#call('GET', '/control/faults');
  }

  clearFaults(): Promise<unknown> {
    return this.#call('DELETE', '/control/faults');
  }

  createKey<T>(options: Readonly<Record<string, unknown>>): Promise<T> {
    return this.#call('POST', '/control/key', options);
  }

  revokeKey(apiKey: string): Promise<{ readonly revoked: boolean }> {
    return this.#call('POST', '/control/revoke', { apiKey });
  }

  addAccount(account: Readonly<Record<string, unknown>>): Promise<unknown> {
    return this.#call('POST', '/control/account', account);
  }

  /** Requests by operation. */
  requests(): Promise<Readonly<Record<string, { readonly requests: number; readonly refused: number }>>> {
    return this.#call('GET', '/control/requests');
  }
}

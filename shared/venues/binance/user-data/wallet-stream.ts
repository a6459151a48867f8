/**
 * One wallet's events, from whichever session they come: read, counted and handed on in their order.
 *
 * Always true: an event that cannot be read is a gap of its wallet, never silently missing.
 */
import type { SymbolSpec } from '../../../domain/symbols.ts';
import type { UserDataWallet, WalletStreamHealth } from '../../../ports/user-data.ts';
import { ownClientId } from '../client-ids.ts';
import { orderClientIdOf, toExecutionReport } from '../execution-reports.ts';
import {
  type ExecutionReportEvent,
  type ListStatusEvent,
  parseUserEvent,
  type UserEvent,
} from '../parse/user-events.ts';
import type { Signer } from '../signing.ts';
import { messageOf, type UserDataParts } from './parts.ts';

/** Symbols that events have named, by the venue's name; shared by all wallets of a source. */
export type KnownSymbols = Map<string, SymbolSpec>;

/** The directory is asked so often for the symbol of one event; after that the order is looked at instead. */
const SYMBOL_TRIES = 3;

export class WalletStream {
  readonly wallet: UserDataWallet;
  /** Made of the opened keys at the first subscription, kept with the wallet. */
  signer: Signer | null = null;
  /** Failed subscriptions in a row. */
  failures = 0;
  /** No subscription is tried before, epoch ms. */
  retryAt = 0;
  problem: WalletStreamHealth['problem'] = null;
  subscribedSince: number | null = null;
  readonly #parts: UserDataParts;
  readonly #known: KnownSymbols;
  readonly #events: Record<string, number> = {};
  #lastEventAt: number | null = null;
  #lastBalancesAt: number | null = null;
  /** Events that wait for the one before them. */
  #chain: Promise<void> | null = null;
  #ended = false;

  constructor(wallet: UserDataWallet, parts: UserDataParts, known: KnownSymbols) {
    this.wallet = wallet;
    this.#parts = parts;
    this.#known = known;
  }

  health(): WalletStreamHealth {
    return {
      walletId: this.wallet.walletId,
      subscribedSince: this.subscribedSince,
      lastEventAt: this.#lastEventAt,
      lastBalancesAt: this.#lastBalancesAt,
      problem: this.problem,
      events: { ...this.#events },
    };
  }

  /** Nothing of it is handed on any more. */
  end(): void {
    this.#ended = true;
  }

  gap(reason: string): void {
    if (!this.#ended) this.#parts.handlers.onGap(this.wallet.walletId, reason);
  }

  /** `raw`: the event of an envelope. */
  accept(raw: unknown): void {
    if (this.#ended) return;
    this.#lastEventAt = this.#parts.clock.now();
    let event: UserEvent;
    try {
      event = parseUserEvent(raw);
    } catch (error) {
      this.#unreadable(error);
      return;
    }
    const name = event.type === 'unknown' ? `unknown:${event.name}` : event.type;
    this.#events[name] = (this.#events[name] ?? 0) + 1;
    if (event.type === 'outboundAccountPosition') this.#lastBalancesAt = this.#lastEventAt;
    if (event.type === 'listStatus') this.#listStatus(event);
    if (event.type !== 'executionReport') return;
    const clientId = orderClientIdOf(event);
    if (ownClientId(clientId) === null) this.#foreign(event, clientId);
    else this.#inOrder(event, clientId);
  }

  /** A list that expired as a whole tells nothing by its legs: each of them looks like the other's sibling. */
  #listStatus({ listStatusType, listClientOrderId }: ListStatusEvent): void {
    const isOurs = ownClientId(listClientOrderId) !== null;
    if (isOurs && listStatusType === 'ALL_DONE') {
      this.#parts.handlers.onListDone(this.wallet.walletId, listClientOrderId);
    }
  }

  #unreadable(error: unknown): void {
    const { log } = this.#parts;
    this.#events['unreadable'] = (this.#events['unreadable'] ?? 0) + 1;
    log.error('user_event_unreadable', { walletId: this.wallet.walletId, error: messageOf(error) });
    this.gap('an event could not be read');
  }

  #foreign(event: ExecutionReportEvent, clientId: string): void {
    this.#parts.handlers.onForeign({
      walletId: this.wallet.walletId,
      venueSymbol: event.symbol,
      venueOrderId: event.orderId,
      clientId,
    });
  }

  /** At once where the symbol is known and nothing waits; else behind what waits. */
  #inOrder(event: ExecutionReportEvent, clientId: string): void {
    const symbol = this.#known.get(event.symbol);
    if (symbol !== undefined && this.#chain === null) {
      this.#tell(event, clientId, symbol);
      return;
    }
    const turn: Promise<void> = (this.#chain ?? Promise.resolve())
      .then(() => this.#tellWhenKnown(event, clientId))
      .finally(() => {
        if (this.#chain === turn) this.#chain = null;
      });
    this.#chain = turn;
  }

  /** Never rejects. */
  async #tellWhenKnown(event: ExecutionReportEvent, clientId: string): Promise<void> {
    const { environment, symbols, settings, handlers, log } = this.#parts;
    const { walletId } = this.wallet;
    for (let attempt = 1; !this.#ended; attempt++) {
      try {
        const found = this.#known.get(event.symbol) ?? (await symbols.find(environment, event.symbol));
        if (this.#ended) return;
        if (found === null) handlers.onLook(walletId, clientId, `unknown symbol ${event.symbol}`);
        else {
          this.#known.set(event.symbol, found);
          this.#tell(event, clientId, found);
        }
        return;
      } catch (error) {
        log.warn('symbol_of_event_not_read', { walletId, symbol: event.symbol, error: messageOf(error) });
        if (attempt >= SYMBOL_TRIES) {
          if (!this.#ended) handlers.onLook(walletId, clientId, `rules of ${event.symbol} could not be read`);
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, settings.symbolRetryMs));
      }
    }
  }

  #tell(event: ExecutionReportEvent, clientId: string, symbol: SymbolSpec): void {
    const { environment, handlers } = this.#parts;
    const { walletId } = this.wallet;
    const told = toExecutionReport(event, { walletId, environment, symbol });
    if (told.kind === 'report') handlers.onReport(told.report);
    else if (told.kind === 'look') handlers.onLook(walletId, told.clientId, told.reason);
    else if (told.kind === 'foreign') this.#foreign(event, clientId);
    // A sibling's expiry says nothing about the order; it is counted with the events.
  }
}

/** Reads of the API into the store; each says what it needs and puts what it got. Failures are told, never thrown. */
import { type ApiClient, ApiProblem } from '../../../shared/client/client.ts';
import type { PushedPrice } from '../../../shared/client/push.ts';
import type { InFrame } from './frames.ts';
import type { Keyed } from './keyed.ts';
import type { Position } from './positions.ts';
import { type Health, LIVE_ORDER_STATUSES, OPEN_STATUSES, type Order, type Wallet } from './rows.ts';

export interface Reads {
  readonly positions: Keyed<Position>;
  readonly orders: Keyed<Order>;
  readonly wallets: Keyed<Wallet>;
  readonly inFrame: InFrame;
  /** What time it was at the API, some milliseconds ago. */
  takeClock(at: number): void;
  takePrice(price: PushedPrice): void;
  takeHealth(health: Health): void;
  takeTrailing(positionId: string, trigger: string | null): void;
  /** `what` could not be read. */
  failed(what: string, problem: ApiProblem): void;
  /** `what` has been read, whatever became of it before. */
  went(what: string): void;
  /** All lists have been read. */
  done(): void;
}

export type Readers = ReturnType<typeof createReaders>;

const MOST_PER_PAGE = 200;
/** A query has room for so many symbols. */
const SYMBOLS_PER_CALL = 100;

async function allOf<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

export function createReaders(api: ApiClient, reads: Reads) {
  const { positions, orders, wallets, inFrame } = reads;

  /** Whether it went well. */
  const told = async (what: string, work: () => Promise<void>): Promise<boolean> => {
    try {
      await work();
      reads.went(what);
      return true;
    } catch (error) {
      const problem =
        error instanceof ApiProblem ? error : new ApiProblem('page', 0, 'page_error', String(error), null);
      reads.failed(what, problem);
      return false;
    }
  };

  const listPositions = () =>
    told('positions', async () => {
      const query = { status: OPEN_STATUSES.join(','), limit: MOST_PER_PAGE };
      const rows = await allOf(api.items('listPositions', { query }));
      inFrame(() => positions.replace(rows));
    });
  const listOrders = () =>
    told('orders', async () => {
      const query = { status: LIVE_ORDER_STATUSES.join(','), limit: MOST_PER_PAGE };
      const rows = await allOf(api.items('listOrders', { query }));
      inFrame(() => orders.replace(rows));
    });
  const listWallets = () =>
    told('wallets', async () => {
      const rows = await allOf(api.items('listWallets', { query: { limit: MOST_PER_PAGE } }));
      inFrame(() => wallets.replace(rows));
    });

  return {
    lists: async () => {
      const went = await Promise.all([listPositions(), listOrders(), listWallets()]);
      if (went.every(Boolean)) inFrame(() => reads.done());
    },
    listPositions,
    listOrders,
    listWallets,
    position: (positionId: string) =>
      told('one', async () => {
        const found = await api.call('getPosition', { params: { position_id: positionId } });
        inFrame(() => {
          positions.put(found);
          reads.takeTrailing(positionId, found.risk_management.trailing_stop.current_trigger);
        });
      }),
    order: (orderId: string) =>
      told('one', async () => {
        const found = await api.call('getOrder', { params: { order_id: orderId } });
        inFrame(() => orders.put(found));
      }),
    health: () =>
      told('health', async () => {
        const answer = await api.call('healthServices', {});
        inFrame(() => reads.takeHealth(answer));
      }),
    /** Of all symbols that anybody follows: nobody is subscribed to by looking. */
    allPrices: () =>
      told('prices', async () => {
        const { items } = await api.call('listPrices', {});
        inFrame(() => {
          for (const { age_ms, ...price } of items) {
            reads.takePrice(price);
            reads.takeClock(Date.parse(price.timestamp) + age_ms);
          }
        });
      }),
    prices: (symbols: readonly string[]) =>
      told('prices', async () => {
        for (let from = 0; from < symbols.length; from += SYMBOLS_PER_CALL) {
          const some = symbols.slice(from, from + SYMBOLS_PER_CALL).join(',');
          const { items } = await api.call('listPrices', { query: { symbols: some } });
          inFrame(() => {
            for (const { age_ms: _, ...price } of items) reads.takePrice(price);
          });
        }
      }),
  };
}

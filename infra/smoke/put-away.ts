/**
 * Puts away what a smoke test opened, however far it came: its position is closed, then the wallet that it made is deleted
 * with its keys. Nothing else of the user is touched: an order is found by the key, a wallet by the name that the smoke
 * test gave it.
 */
import { type ApiClient, ApiProblem } from '../../shared/client/client.ts';
import type { AnswerTo } from '../../shared/client/contract.ts';
import { SmokeFailure, type Steps } from './report.ts';
import { until, type Waiting } from './wait.ts';

/** What was asked for; whether it came about may not be known. */
export interface Wish {
  /** `client_order_id` of the order, name of the wallet. */
  readonly name: string;
  /** No answer, or none that says what became of it: it may be there, also a moment later. */
  isUnclear: boolean;
}

export interface Opened {
  /** The wallet that trades; null: not yet known. */
  walletId: string | null;
  /** The wallet that was to be made, with keys that must not stay; null: none. */
  wallet: Wish | null;
  order: Wish | null;
  positionId: string | null;
}

export interface PutAwayPatience {
  readonly orderMs: number;
  readonly pollMs: number;
}

const WAIT_SECONDS = 10;
/** Others may come to the same answer after what was asked for was done. */
const UNCLEAR = new Set([0, 409, 429]);

/** Does the failure leave it open whether the request was done? */
export const leavesUnclear = (error: unknown): boolean =>
  !(error instanceof ApiProblem) || UNCLEAR.has(error.status) || error.status >= 500;

/** Each part is a step; what could not be put away is said there, and nothing is thrown: what failed first counts. */
export async function putAway(
  client: ApiClient,
  steps: Steps,
  opened: Opened,
  { orderMs, pollMs }: PutAwayPatience,
): Promise<void> {
  const away = new PutAway(client, opened, orderMs, { pollMs, stop: null });
  const parts: (() => Promise<string>)[] = [];
  if (opened.order !== null) parts.push(() => away.close());
  if (opened.wallet !== null) parts.push(() => away.deleteWallet());
  for (const part of parts) {
    await steps.take('put away', async () => [await part(), null]).catch(() => null);
  }
}

class PutAway {
  readonly #client: ApiClient;
  readonly #opened: Opened;
  readonly #withinMs: number;
  readonly #waiting: Waiting;

  constructor(client: ApiClient, opened: Opened, withinMs: number, waiting: Waiting) {
    this.#client = client;
    this.#opened = opened;
    this.#withinMs = withinMs;
    this.#waiting = waiting;
  }

  async close(): Promise<string> {
    const { order, walletId } = this.#opened;
    const key = order?.name ?? '';
    const where = `of wallet ${walletId}`;
    const positionId =
      this.#opened.positionId ??
      (await orSay(this.#findPosition(key), `the order ${key} ${where} may have been taken`));
    if (positionId === null) return `the order ${key} was not taken`;
    await orSay(
      this.#closePosition(positionId),
      `position ${positionId} ${where} may still be open (POST /api/v1/positions/${positionId}/close)`,
    );
    return `position ${positionId} closed`;
  }

  async deleteWallet(): Promise<string> {
    const name = this.#opened.wallet?.name ?? '';
    const walletId =
      this.#opened.walletId ??
      (await orSay(this.#findWallet(name), `the wallet "${name}" may be there, with its keys`));
    if (walletId === null) return `the wallet "${name}" was not made`;
    await orSay(
      until(
        'the wallet to have nothing live',
        this.#withinMs,
        () => this.#isDeleted(walletId),
        (isDeleted) => isDeleted,
        this.#waiting,
      ),
      `wallet ${walletId} stays, with its keys (DELETE /api/v1/wallets/${walletId})`,
    );
    return `wallet ${walletId} deleted, its keys with it`;
  }

  async #findPosition(key: string): Promise<string | null> {
    const { walletId, order } = this.#opened;
    if (walletId === null) return null;
    const query = { wallet_id: walletId, client_order_id: key };
    const found = await this.#find(order, async () => {
      const { items } = await this.#client.call('listOrders', { query });
      return items[0] ?? null;
    });
    return found?.position_id ?? null;
  }

  async #findWallet(name: string): Promise<string | null> {
    const found = await this.#find(this.#opened.wallet, async () => {
      for await (const wallet of this.#client.items('listWallets', {})) {
        if (wallet.name === name) return wallet;
      }
      return null;
    });
    return found?.wallet_id ?? null;
  }

  /** Looks once; where the outcome is unclear for as long as it may still come. Null: it is not there. */
  async #find<T>(wish: Wish | null, look: () => Promise<T | null>): Promise<T | null> {
    const deadline = performance.now() + (wish?.isUnclear === true ? this.#withinMs : 0);
    return until(
      'what was asked for',
      // One look more than the time that is given: that it is not there is an answer.
      Number.POSITIVE_INFINITY,
      look,
      (found) => found !== null || performance.now() >= deadline,
      this.#waiting,
    );
  }

  async #closePosition(positionId: string): Promise<void> {
    const params = { position_id: positionId };
    const read = (): Promise<AnswerTo<'getPosition'>> => this.#client.call('getPosition', { params });
    const isOver = ({ status }: AnswerTo<'getPosition'>): boolean =>
      status === 'closed' || status === 'liquidated';
    const now = await read();
    if (isOver(now)) return;
    if (now.status !== 'closing') {
      await this.#client.call('closePosition', { params, body: {}, waitSeconds: WAIT_SECONDS });
    }
    await until(
      ({ status }) => `it to be closed; it is ${status}`,
      this.#withinMs,
      read,
      isOver,
      this.#waiting,
    );
  }

  /** False: it is still in use, which the close of its position ends a moment later. */
  async #isDeleted(walletId: string): Promise<boolean> {
    try {
      await this.#client.call('deleteWallet', { params: { wallet_id: walletId }, body: {} });
      return true;
    } catch (error) {
      const code = error instanceof ApiProblem ? error.code : null;
      // The try before this one was done, and its answer lost.
      if (code === 'wallet_deleted') return true;
      if (code === 'wallet_in_use') return false;
      throw error;
    }
  }
}

async function orSay<T>(work: Promise<T>, left: string): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new SmokeFailure(`${left}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

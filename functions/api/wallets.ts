/** Wallets: create a demo wallet or connect an exchange account, list, get, change, balances, delete (design sections 13, 17). */
import { httpError } from '../../shared/http/errors.ts';
import type { ApiResponse, UserRequest } from '../../shared/http/types.ts';
import { validate } from '../../shared/http/validate.ts';
import { balancesView, pausedView, walletView } from '../../shared/usecases/views/wallet-view.ts';
import type { WalletDeps } from './deps.ts';
import { apiError, refused } from './errors.ts';
import { idempotencyKey } from './keys.ts';
import { pageResponse } from './page.ts';
import { EmptyBody, NoQuery } from './schemas/fields.ts';
import {
  ChangeWalletBody,
  type ConnectWalletBody,
  CreateWalletBody,
  type DemoWalletBody,
  ListWalletsQuery,
  PauseWalletBody,
} from './schemas/wallets.ts';
import { waitPreference, waitUntil } from './wait.ts';
import { keysGiven, walletAnswers } from './wallet-answers.ts';

const noSuchWallet = () => httpError('not_found', 'There is no such wallet.', { field: 'wallet_id' });

const walletIdOf = (request: UserRequest): string => request.params['wallet_id'] ?? '';

export function walletOperations(deps: WalletDeps) {
  const { commands, reads } = deps;
  const answers = walletAnswers(deps);

  async function createDemo(request: UserRequest, body: DemoWalletBody): Promise<ApiResponse> {
    const created = await commands.createWallet({
      userId: request.userId,
      key: idempotencyKey(request),
      name: body.name,
      startingBalances: Object.entries(body.starting_balances).map(([asset, amount]) => ({ asset, amount })),
      feeRate: body.fee_rate ?? null,
      buyFeeIn: body.buy_fee_in,
      maxLeverage: body.max_leverage ?? null,
    });
    if (!created.ok) throw refused(created.error);
    const { wallet, repeated } = created.value;
    return {
      status: repeated ? 200 : 201,
      headers: { location: `/api/v1/wallets/${wallet.walletId}` },
      body: walletView(wallet),
    };
  }

  async function connect(request: UserRequest, body: ConnectWalletBody): Promise<ApiResponse> {
    const connected = await commands.wallets.connect({
      userId: request.userId,
      key: idempotencyKey(request),
      name: body.name,
      environment: body.environment ?? null,
      keys: keysGiven(body),
    });
    if (!connected.ok) throw refused(connected.error);
    const { wallet, repeated } = connected.value;
    return answers.checked(request, wallet, { status: repeated ? 200 : 201, created: true });
  }

  /** The venue is asked by submit; the last snapshot is the answer when it cannot be asked in time. */
  async function exchangeBalances(request: UserRequest, walletId: string): Promise<ApiResponse> {
    const asked = await commands.wallets.askBalances({ userId: request.userId, walletId });
    if (!asked.ok) throw refused(asked.error);
    const { snapshot: last, isFresh } = asked.value;
    const { waitMs, applied } = waitPreference(request.headers['prefer']);
    const read = () => deps.wallets.balances(walletId);
    const newer = (current: typeof last) => isFresh || (current?.asOf ?? 0) > (last?.asOf ?? 0);
    const snapshot = await waitUntil(deps, read, last, newer, waitMs);
    if (snapshot === null) {
      throw apiError('balances_unavailable', 'The exchange has not been asked successfully yet.');
    }
    return {
      status: 200,
      ...(applied !== null && { headers: { 'preference-applied': applied } }),
      body: balancesView(walletId, snapshot),
    };
  }

  return {
    createWallet: async (request: UserRequest): Promise<ApiResponse> => {
      validate(NoQuery, request.query);
      const body = validate(CreateWalletBody, request.body);
      return body.type === 'demo' ? createDemo(request, body) : connect(request, body);
    },

    listWallets: async (request: UserRequest): Promise<ApiResponse> =>
      pageResponse(reads.wallets.list(request.userId, validate(ListWalletsQuery, request.query))),

    getWallet: async (request: UserRequest): Promise<ApiResponse> => {
      validate(NoQuery, request.query);
      const wallet = await reads.wallets.get(request.userId, walletIdOf(request));
      if (wallet === null) throw noSuchWallet();
      return { status: 200, body: wallet };
    },

    changeWallet: async (request: UserRequest): Promise<ApiResponse> => {
      validate(NoQuery, request.query);
      const { signal_policy: asked = {}, resident } = validate(ChangeWalletBody, request.body);
      const changed = await commands.wallets.change({
        userId: request.userId,
        walletId: walletIdOf(request),
        ...(resident !== undefined && { resident }),
        signalPolicy: {
          ...(asked.act !== undefined && { act: asked.act }),
          ...(asked.min_confidence !== undefined && { minConfidence: asked.min_confidence }),
          ...(asked.allow_loosen !== undefined && { allowLoosen: asked.allow_loosen }),
        },
      });
      if (!changed.ok) throw refused(changed.error);
      return { status: 200, body: walletView(changed.value) };
    },

    getBalances: async (request: UserRequest): Promise<ApiResponse> => {
      validate(NoQuery, request.query);
      const walletId = walletIdOf(request);
      const found = await reads.wallets.balances(request.userId, walletId);
      if (found === null) throw noSuchWallet();
      return found === 'at_exchange' ? exchangeBalances(request, walletId) : { status: 200, body: found };
    },

    deleteWallet: async (request: UserRequest): Promise<ApiResponse> => {
      validate(NoQuery, request.query);
      validate(EmptyBody, request.body);
      const gone = await commands.wallets.delete({ userId: request.userId, walletId: walletIdOf(request) });
      if (!gone.ok) throw refused(gone.error);
      return { status: 200, body: walletView(gone.value) };
    },

    pauseWallet: async (request: UserRequest): Promise<ApiResponse> => {
      validate(NoQuery, request.query);
      const { reason, cancel_entries: cancelEntries, flatten } = validate(PauseWalletBody, request.body);
      const paused = await commands.wallets.pause({
        userId: request.userId,
        walletId: walletIdOf(request),
        reason: reason ?? null,
        cancelEntries,
        flatten,
      });
      if (!paused.ok) throw refused(paused.error);
      return { status: 200, body: pausedView(paused.value) };
    },

    resumeWallet: async (request: UserRequest): Promise<ApiResponse> => {
      validate(NoQuery, request.query);
      validate(EmptyBody, request.body);
      const resumed = await commands.wallets.resume({
        userId: request.userId,
        walletId: walletIdOf(request),
      });
      if (!resumed.ok) throw refused(resumed.error);
      return { status: 200, body: walletView(resumed.value) };
    },
  };
}

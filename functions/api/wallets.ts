/** Wallets: create a demo wallet, list, get, balances (design sections 13, 17). */
import { httpError } from '../../shared/http/errors.ts';
import type { ApiResponse, UserRequest } from '../../shared/http/types.ts';
import { validate } from '../../shared/http/validate.ts';
import { walletView } from '../../shared/usecases/views/wallet-view.ts';
import type { ApiDeps } from './deps.ts';
import { refused } from './errors.ts';
import { idempotencyKey } from './keys.ts';
import { pageResponse } from './page.ts';
import { CreateWalletBody, ListWalletsQuery, NoQuery } from './schemas.ts';

const noSuchWallet = () => httpError('not_found', 'There is no such wallet.', { field: 'wallet_id' });

export function walletOperations({ commands, reads }: ApiDeps) {
  return {
    createWallet: async (request: UserRequest): Promise<ApiResponse> => {
      validate(NoQuery, request.query);
      const body = validate(CreateWalletBody, request.body);
      const created = await commands.createWallet({
        userId: request.userId,
        key: idempotencyKey(request),
        name: body.name,
        startingBalances: Object.entries(body.starting_balances).map(([asset, amount]) => ({
          asset,
          amount,
        })),
        feeRate: body.fee_rate ?? null,
        buyFeeIn: body.buy_fee_in,
      });
      if (!created.ok) throw refused(created.error);
      const { wallet, repeated } = created.value;
      return {
        status: repeated ? 200 : 201,
        headers: { location: `/api/v1/wallets/${wallet.walletId}` },
        body: walletView(wallet),
      };
    },

    listWallets: async (request: UserRequest): Promise<ApiResponse> =>
      pageResponse(reads.wallets.list(request.userId, validate(ListWalletsQuery, request.query))),

    getWallet: async (request: UserRequest): Promise<ApiResponse> => {
      validate(NoQuery, request.query);
      const wallet = await reads.wallets.get(request.userId, request.params['wallet_id'] ?? '');
      if (wallet === null) throw noSuchWallet();
      return { status: 200, body: wallet };
    },

    getBalances: async (request: UserRequest): Promise<ApiResponse> => {
      validate(NoQuery, request.query);
      const walletId = request.params['wallet_id'] ?? '';
      const balances = await reads.wallets.balances(request.userId, walletId);
      if (balances === null) throw noSuchWallet();
      return { status: 200, body: { wallet_id: walletId, balances } };
    },
  };
}

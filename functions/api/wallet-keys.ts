/** Keys of wallets at an exchange: test those in use, give new ones (design section 13). */
import type { ApiResponse, UserRequest } from '../../shared/http/types.ts';
import { validate } from '../../shared/http/validate.ts';
import type { WalletDeps } from './deps.ts';
import { refused } from './errors.ts';
import { EmptyBody, NoQuery } from './schemas/fields.ts';
import { KeysBody } from './schemas/wallets.ts';
import { keysGiven, walletAnswers } from './wallet-answers.ts';

export function walletKeyOperations(deps: WalletDeps) {
  const { commands } = deps;
  const answers = walletAnswers(deps);
  return {
    testWallet: async (request: UserRequest): Promise<ApiResponse> => {
      validate(NoQuery, request.query);
      validate(EmptyBody, request.body);
      const walletId = request.params['wallet_id'] ?? '';
      const asked = await commands.wallets.test({ userId: request.userId, walletId });
      if (!asked.ok) throw refused(asked.error);
      return answers.checked(request, asked.value.wallet, { status: 200 });
    },

    rotateKeys: async (request: UserRequest): Promise<ApiResponse> => {
      validate(NoQuery, request.query);
      const body = validate(KeysBody, request.body);
      const walletId = request.params['wallet_id'] ?? '';
      const keys = keysGiven(body);
      const asked = await commands.wallets.rotateKeys({ userId: request.userId, walletId, keys });
      if (!asked.ok) throw refused(asked.error);
      return answers.rotated(request, asked.value.wallet);
    },
  };
}

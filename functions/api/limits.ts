/** A wallet's limits, of demo wallets too (design section 12). */
import type { ApiResponse, UserRequest } from '../../shared/http/types.ts';
import { validate } from '../../shared/http/validate.ts';
import { limitsView } from '../../shared/usecases/views/limits-view.ts';
import type { WalletDeps } from './deps.ts';
import { refused } from './errors.ts';
import { NoQuery } from './schemas/fields.ts';
import { LimitsBody } from './schemas/wallets.ts';

export function limitOperations({ commands }: Pick<WalletDeps, 'commands'>) {
  const whose = ({ userId, params }: UserRequest) => ({ userId, walletId: params['wallet_id'] ?? '' });
  return {
    getLimits: async (request: UserRequest): Promise<ApiResponse> => {
      validate(NoQuery, request.query);
      const found = await commands.wallets.limits(whose(request));
      if (!found.ok) throw refused(found.error);
      return { status: 200, body: limitsView(found.value) };
    },

    setLimits: async (request: UserRequest): Promise<ApiResponse> => {
      validate(NoQuery, request.query);
      const limits = validate(LimitsBody, request.body);
      const set = await commands.wallets.setLimits({ ...whose(request), limits });
      if (!set.ok) throw refused(set.error);
      return { status: 200, body: limitsView(set.value) };
    },
  };
}

/** Answers to changes of keys: they wait for submit's check of them, as those to orders wait for the venue. */
import type { Wallet } from '../../shared/domain/types.ts';
import { isCheckOwed } from '../../shared/domain/wallets.ts';
import type { ProblemError } from '../../shared/http/errors.ts';
import type { ApiResponse, UserRequest } from '../../shared/http/types.ts';
import type { KeysGiven } from '../../shared/usecases/key-format.ts';
import { walletView } from '../../shared/usecases/views/wallet-view.ts';
import type { ApiDeps } from './deps.ts';
import { apiError } from './errors.ts';
import type { KeysBody } from './schemas/wallets.ts';
import { type Preference, waitPreference, waitUntil } from './wait.ts';

export const keysGiven = (body: KeysBody): KeysGiven => ({
  apiKey: body.api_key,
  secretKey: body.secret_key ?? null,
  privateKey: body.private_key ?? null,
});

/** The problem and the wallet as it stands: nothing is lost, the keys can be corrected. */
function keysProblem(code: 'wallet_refused' | 'keys_refused', wallet: Wallet): ProblemError {
  const problem = wallet.exchange?.problem;
  const detail = problem == null ? 'The keys are not accepted.' : `${problem.code}: ${problem.message}.`;
  return apiError(code, detail, { extra: { problem: problem ?? null, wallet: walletView(wallet) } });
}

export function walletAnswers(deps: Pick<ApiDeps, 'wallets' | 'clock' | 'sleep'>) {
  /** Until the check that is owed to `first` has been made, or tried. */
  const awaited = (first: Wallet, { waitMs }: Preference): Promise<Wallet> => {
    const triedBefore = first.exchange?.checkedAt ?? null;
    const isTried = ({ exchange }: Wallet): boolean =>
      exchange === null || !isCheckOwed(exchange) || exchange.checkedAt !== triedBefore;
    return waitUntil(deps, () => deps.wallets.get(first.walletId), first, isTried, waitMs);
  };

  const answer = (status: number, wallet: Wallet, { applied }: Preference, created = false): ApiResponse => ({
    status,
    headers: {
      ...(created && { location: `/api/v1/wallets/${wallet.walletId}` }),
      ...(applied !== null && { 'preference-applied': applied }),
    },
    body: walletView(wallet),
  });

  return {
    /** The wallet as it stands after the check of its own keys. */
    async checked(
      request: UserRequest,
      first: Wallet,
      { status, created = false }: { readonly status: number; readonly created?: boolean },
    ): Promise<ApiResponse> {
      const preference = waitPreference(request.headers['prefer']);
      const wallet = await awaited(first, preference);
      if (wallet.exchange?.status === 'refused') throw keysProblem('wallet_refused', wallet);
      return answer(status, wallet, preference, created);
    },

    /** The wallet after the check of new keys: taken over (200), not yet known (202), or thrown away. */
    async rotated(request: UserRequest, first: Wallet): Promise<ApiResponse> {
      const preference = waitPreference(request.headers['prefer']);
      const wallet = await awaited(first, preference);
      const given = first.exchange?.pendingKeys ?? first.exchange;
      const { exchange } = wallet;
      if (exchange === null || given === null) return answer(200, wallet, preference);
      const isWaiting = exchange.pendingKeys?.keyFingerprint === given.keyFingerprint;
      if (isWaiting || exchange.status === 'checking') return answer(202, wallet, preference);
      if (exchange.keyFingerprint !== given.keyFingerprint) {
        const isThrownAway = exchange.pendingKeys === null && exchange.problem !== null;
        if (isThrownAway) throw keysProblem('keys_refused', wallet);
        throw apiError('keys_replaced', 'Other keys were given before these had been checked.');
      }
      if (exchange.status === 'refused') throw keysProblem('wallet_refused', wallet);
      return answer(200, wallet, preference);
    },
  };
}

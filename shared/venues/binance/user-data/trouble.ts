/** A wallet that could not be subscribed: said once for each reason, and tried again with doubling waits. */
import { MOST_DOUBLINGS, type UserDataParts } from './parts.ts';
import type { Subscribed } from './subscribe.ts';
import type { WalletStream } from './wallet-stream.ts';

type Parts = Pick<UserDataParts, 'clock' | 'log' | 'settings'>;
type Problem = Omit<Extract<Subscribed, { outcome: 'problem' }>, 'outcome'>;

export function failed(parts: Parts, stream: WalletStream, why: Problem): void {
  const { clock, settings } = parts;
  const [first, longest] =
    why.kind === 'key'
      ? [settings.refusedRetryMs, settings.longestRefusedRetryMs]
      : [settings.retryMs, settings.longestRetryMs];
  const wait = Math.min(longest, first * 2 ** Math.min(stream.failures, MOST_DOUBLINGS));
  const now = clock.now();
  stream.failures += 1;
  stream.retryAt = why.retryAt ?? now + wait;
  // Keys that are opened anew may be the ones that work.
  if (why.kind === 'key') stream.signer = null;
  tellProblem(parts, stream, why, stream.retryAt - now);
}

export function tellProblem(
  { clock, log }: Pick<Parts, 'clock' | 'log'>,
  stream: WalletStream,
  { code, message }: Pick<Problem, 'code' | 'message'>,
  retryInMs: number,
): void {
  if (stream.problem?.code !== code) {
    const { walletId } = stream.wallet;
    const fields = { walletId, reason: code, error: message, retry_in_ms: retryInMs };
    log.warn('user_data_not_subscribed', fields);
  }
  stream.problem = { code, message, at: clock.now() };
}

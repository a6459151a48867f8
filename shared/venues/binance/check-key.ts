/** Is a key good, whose is it, and what may it do (design section 13)? A key that may withdraw is refused. */
import type { BinanceEnvironment, KeyProblem } from '../../domain/types.ts';
import type { KeyCheck } from '../../ports/venue.ts';
import type { BinanceClient } from './client.ts';
import { hasKeyRestrictions } from './endpoints.ts';
import type { Problem } from './errors.ts';
import { type Asked, problemText } from './outcomes.ts';

const failed = (code: KeyProblem['code'], message: string, retry = false): KeyCheck => ({
  ok: false,
  retry,
  problem: { code, message },
});

const unreachable = (why: string): KeyCheck =>
  failed('venue_unreachable', `the exchange gave no usable answer (${why})`, true);

/** The venue's word against the key. */
function judged(problem: Problem): KeyCheck {
  const said = problemText(problem);
  switch (problem.venueCode) {
    case -1022:
      return failed(
        'bad_signature',
        `the exchange does not accept the signature: key and secret do not match (${said})`,
      );
    case -2014:
    case -1002:
      return failed('key_rejected', `the exchange does not know this API key (${said})`);
    case -2015:
      // One code for three reasons; only a text that names the caller's address is about the address.
      return /request ip|ip address/i.test(problem.message)
        ? failed('ip_not_allowed', `the key is not allowed from this address (${said})`)
        : failed('key_rejected', `unknown key, address not allowed, or permission missing (${said})`);
    case -1021:
      return failed(
        'clock_skew',
        `the exchange finds our time wrong, also after measuring it anew (${said})`,
        true,
      );
    default:
      if (problem.meaning.kind === 'refused' && problem.meaning.code === 'permission') {
        return failed('no_trade_permission', said);
      }
      if (problem.meaning.kind === 'refused' && problem.meaning.code === 'auth')
        return failed('key_rejected', said);
      return unreachable(said);
  }
}

const refusalOf = <T>(asked: Exclude<Asked<T>, { kind: 'ok' }>): KeyCheck =>
  asked.kind === 'refused' ? judged(asked.problem) : unreachable(asked.reason);

export async function checkKey(client: BinanceClient, environment: BinanceEnvironment): Promise<KeyCheck> {
  const account = await client.account('query');
  if (account.kind !== 'ok') return refusalOf(account);
  const { uid, canTrade } = account.value;
  if (!canTrade) return failed('no_trade_permission', 'the exchange does not let this account trade');
  const unknown: KeyCheck = { ok: true, accountUid: uid, warnings: ['key_restrictions_unknown'] };
  if (!hasKeyRestrictions(environment)) return unknown;
  const restrictions = await client.keyRestrictions('query');
  // A simulator may do without /sapi. What cannot be read now is not taken for harmless: the check is made again.
  if (restrictions.kind === 'refused' && restrictions.problem.status === 404) return unknown;
  if (restrictions.kind !== 'ok') return refusalOf(restrictions);
  const { enableWithdrawals, enableSpotAndMarginTrading, ipRestrict } = restrictions.value;
  if (enableWithdrawals) {
    return failed('withdraw_permission', 'the key may withdraw: make one that may only read and trade');
  }
  if (!enableSpotAndMarginTrading) {
    return failed('no_trade_permission', 'the key may not trade on Spot: enable it for this key');
  }
  return { ok: true, accountUid: uid, warnings: ipRestrict ? [] : ['no_ip_restriction'] };
}

/**
 * Sends to a webhook. The name is looked up once, for the connection itself, and a name that stands for an address that is
 * not allowed is not connected to. Redirects are not followed; of the answer only its status is read.
 */
import { lookup } from 'node:dns';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Attempt, WebhookSender } from '../../ports/webhooks.ts';
import { checkTarget, isAllowedAddress, type TargetPolicy } from './targets.ts';

export interface SenderOptions {
  readonly policy: TargetPolicy;
  /** Of the whole call. */
  readonly timeoutMs?: number;
  /** For tests. */
  readonly resolve?: typeof lookup;
}

const TIMEOUT_MS = 8_000;

class AddressRefusedError extends Error {
  override readonly name = 'AddressRefusedError';
}

/** All addresses of the name have to be allowed: which of them is taken is not ours to say. */
const guardedLookup =
  (policy: TargetPolicy, resolve: typeof lookup): LookupFunction =>
  (host, options, done) => {
    resolve(host, { all: true, verbatim: true }, (error, addresses) => {
      if (error !== null) return done(error, '');
      const [first] = addresses;
      if (first === undefined || addresses.some(({ address }) => !isAllowedAddress(address, policy))) {
        return done(new AddressRefusedError('the name stands for an address that is not public'), '');
      }
      return options.all === true ? done(null, addresses) : done(null, first.address, first.family);
    });
  };

export function createWebhookSender({
  policy,
  timeoutMs = TIMEOUT_MS,
  resolve = lookup,
}: SenderOptions): WebhookSender {
  return {
    post(text, body, headers) {
      const target = checkTarget(text, policy);
      if (!target.ok) return Promise.resolve({ outcome: 'failed', reason: `the address ${target.error}` });
      const url = target.value;
      const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
      return new Promise<Attempt>((answer) => {
        const request = send(url, {
          method: 'POST',
          agent: false,
          lookup: guardedLookup(policy, resolve),
          headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
          signal: AbortSignal.timeout(timeoutMs),
        });
        request.on('response', (response) => {
          answer({ outcome: 'answered', status: response.statusCode ?? 0 });
          response.destroy();
        });
        request.on('error', (error) => {
          const isLate = error.name === 'AbortError' || error.name === 'TimeoutError';
          const reason = isLate ? `no answer within ${timeoutMs} ms` : error.message;
          answer({ outcome: 'failed', reason: reason.slice(0, 200) });
        });
        request.end(body);
      });
    },
  };
}

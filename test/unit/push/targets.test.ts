/** Which addresses a webhook may have, and that nothing else is ever connected to. */
import type { lookup } from 'node:dns';
import { afterEach, describe, expect, it } from 'vitest';
import { createWebhookSender } from '../../../shared/adapters/webhooks/sender.ts';
import { checkTarget, isPublicAddress } from '../../../shared/adapters/webhooks/targets.ts';
import { startReceiver, type WebhookReceiver } from '../../support/webhook-receiver.ts';

describe('an address', () => {
  it.each(['https://example.com/hook?x=1', 'https://93.184.216.34/', 'https://[2606:2800:220:1::1]:8443/a'])(
    '%s can be called where it is deployed',
    (url) => expect(checkTarget(url, 'public').ok).toBe(true),
  );

  it.each([
    'http://example.com/',
    'ftp://example.com/',
    'example.com',
    'https://user:secret@example.com/',
    'https://localhost/',
    'https://service.local/',
    'https://metadata.google.internal/',
    'https://intranet/',
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://10.1.2.3/',
    'https://172.31.0.1/',
    'https://192.168.1.1/',
    'https://169.254.169.254/latest/meta-data/',
    'https://100.64.0.1/',
    'https://0.0.0.0/',
    'https://224.0.0.1/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[fd00:ec2::254]/',
    'https://[fe80::1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[2002:7f00:1::]/',
  ])('%s cannot', (url) => expect(checkTarget(url, 'public').ok).toBe(false));

  it('of the machine itself can be called on a laptop, one of its network cannot', () => {
    expect(checkTarget('http://127.0.0.1:4000/hook', 'loopback').ok).toBe(true);
    expect(checkTarget('http://localhost:4000/hook', 'loopback').ok).toBe(true);
    expect(checkTarget('http://192.168.1.1/', 'loopback').ok).toBe(false);
    expect(checkTarget('http://example.com/', 'loopback').ok).toBe(false);
  });

  it('is public only where it is an address at all', () => {
    expect(isPublicAddress('example.com')).toBe(false);
    expect(isPublicAddress('8.8.8.8')).toBe(true);
  });
});

describe('sending', () => {
  let receiver: WebhookReceiver;
  afterEach(() => receiver?.stop());

  /** A name that stands for an address of the machine's own. */
  const standsFor = (...addresses: readonly string[]): typeof lookup =>
    ((_host: string, _options: unknown, done: (error: null, found: unknown) => void) =>
      done(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      )) as unknown as typeof lookup;

  it('answers the status, and follows no redirect', async () => {
    receiver = await startReceiver();
    const sender = createWebhookSender({ policy: 'loopback' });
    receiver.answers.push(302);
    expect(await sender.post(receiver.url, '{"a":"ä"}', { 'x-own': '1' })).toEqual({
      outcome: 'answered',
      status: 302,
    });
    expect(receiver.calls).toMatchObject([{ body: '{"a":"ä"}', headers: { 'x-own': '1' } }]);
  });

  it('connects to no name that stands for a private address, though its text looks public', async () => {
    receiver = await startReceiver();
    const port = new URL(receiver.url).port;
    for (const addresses of [['127.0.0.1'], ['93.184.216.34', '127.0.0.1'], ['::1']]) {
      const sender = createWebhookSender({ policy: 'public', resolve: standsFor(...addresses) });
      expect(await sender.post(`https://example.com:${port}/`, '{}', {})).toEqual({
        outcome: 'failed',
        reason: 'the name stands for an address that is not public',
      });
    }
    const sender = createWebhookSender({ policy: 'public' });
    expect(await sender.post(receiver.url, '{}', {})).toMatchObject({ outcome: 'failed' });
    expect(receiver.calls).toEqual([]);
  });

  it('gives up on who does not answer in time', async () => {
    receiver = await startReceiver({ silent: true });
    const sender = createWebhookSender({ policy: 'loopback', timeoutMs: 100 });
    expect(await sender.post(receiver.url, '{}', {})).toEqual({
      outcome: 'failed',
      reason: 'no answer within 100 ms',
    });
  });
});

/** Messages for connections: signed as AWS asks, and what the gateway's answers mean. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createConnectionGateway } from '../../../shared/adapters/gateway/connections.ts';
import { signedHeaders } from '../../../shared/adapters/gateway/sigv4.ts';

describe('the signature', () => {
  /** From AWS's own test suite of Signature Version 4. */
  const signing = {
    region: 'us-east-1',
    service: 'service',
    credentials: {
      accessKeyId: 'AKIDEXAMPLE',
      secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
    },
    now: Date.UTC(2015, 7, 30, 12, 36, 0),
  };

  it('is the one of the published example', () => {
    const url = new URL('https://example.amazonaws.com/');
    const { authorization } = signedHeaders({ method: 'GET', url, body: '' }, signing);
    expect(authorization).toBe(
      'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, ' +
        'SignedHeaders=host;x-amz-date, ' +
        'Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
    );
  });

  it('is the published one of a request with a header of its own', () => {
    const url = new URL('https://example.amazonaws.com/');
    const headers = { 'my-header1': 'value1' };
    const { authorization, ...sent } = signedHeaders({ method: 'POST', url, body: '', headers }, signing);
    expect(authorization).toContain('SignedHeaders=host;my-header1;x-amz-date');
    expect(authorization).toContain(
      'Signature=c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c',
    );
    expect(sent).toMatchObject(headers);
  });

  it('covers the session, the path and the body', () => {
    const sign = (path: string, body: string, sessionToken?: string) =>
      signedHeaders(
        { method: 'POST', url: new URL(`https://example.amazonaws.com${path}`), body },
        { ...signing, credentials: { ...signing.credentials, sessionToken } },
      );
    const all = [
      sign('/a', ''),
      sign('/b', ''),
      sign('/a', 'x'),
      sign('/a', '', 'session'),
      sign('/%40a', ''),
      sign('/@a', ''),
    ];
    expect(new Set(all.map(({ authorization }) => authorization)).size).toBe(all.length);
    expect(sign('/a', '', 'session')).toMatchObject({ 'x-amz-security-token': 'session' });
  });
});

const PONG = { type: 'pong', cursor: '0000000000000001' } as const;

describe('the gateway', () => {
  let server: Server;
  let answer: number | 'never' = 200;
  const seen: { method: string; url: string; authorization: string; body: string }[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        seen.push({ method, url, authorization: headers.authorization ?? '', body });
        if (answer !== 'never') response.writeHead(answer).end();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const gateway = (timeoutMs?: number) =>
    createConnectionGateway({
      pushUrl: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/push`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'id', secretAccessKey: 'key' },
      now: () => 0,
      ...(timeoutMs !== undefined && { timeoutMs }),
    });

  it.each([
    [200, 'sent'],
    [410, 'gone'],
    [429, 'slow'],
    ['never', 'slow'],
  ] as const)('answered %s: %s', async (status, outcome) => {
    answer = status;
    expect(await gateway(status === 'never' ? 100 : 5_000).post('a+b=', PONG)).toBe(outcome);
  });

  it('is away where its answer says nothing of the connection', async () => {
    answer = 500;
    await expect(gateway().post('a', PONG)).rejects.toThrow('answered 500');
    await expect(gateway().close('a')).rejects.toThrow('answered 500');
  });

  it('finds the connection by its encoded id and ends it', async () => {
    answer = 410;
    await gateway().close('a+b=');
    expect(seen.at(-1)).toMatchObject({ method: 'DELETE', url: '/push/%40connections/a%2Bb%3D', body: '' });
    answer = 200;
    await gateway().post('a+b=', PONG);
    expect(seen.at(-1)).toMatchObject({ method: 'POST', body: JSON.stringify(PONG) });
    expect(seen.at(-1)?.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=id\/19700101\/us-east-1\/execute-api\//,
    );
  });
});

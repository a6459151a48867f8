/** What a process on the laptop is told of the world: the template's words, this machine's addresses. */
import { describe, expect, it } from 'vitest';
import {
  containerEnvironment,
  type Endpoints,
  functionEnvironment,
} from '../../../infra/local/functions/environment.ts';
import type { DeclaredFunction } from '../../../infra/local/template/declared.ts';

const endpoints: Endpoints = {
  sqsEndpoint: 'http://127.0.0.1:1',
  cacheHost: '127.0.0.1',
  cachePort: 2,
  apiEndpoint: 'http://127.0.0.1:3',
  dynamoEndpoint: 'http://127.0.0.1:4',
  keyFile: '/data/wallet-key',
  exchange: { BINANCE_ENVIRONMENT: 'binance_simulator', BINANCE_REST_URL: 'http://127.0.0.1:5' },
};
const nowhere: Endpoints = { ...endpoints, exchange: {} };
const declared = {
  EGRESS_ADDRESS: 'nat',
  BINANCE_ENVIRONMENT: 'binance',
  BINANCE_STREAM_URL: 'wss://elsewhere',
  KEY_CIPHER: 'kms:arn:aws:kms:us-east-1:000000000000:key/Moniqo-sandbox-data-WalletKey',
  VALKEY_URL: 'rediss://127.0.0.1:2',
  VALKEY_LOGIN: 'iam:moniqo-sandbox@moniqo-sandbox',
};
const streamer = (environment: Record<string, string>, at = endpoints) =>
  containerEnvironment(environment, [], at, {});

describe('the environment on the laptop', () => {
  it('names the exchange that was chosen, and nothing of the one that the template names', () => {
    const told = streamer(declared);
    expect(told).toMatchObject({ ...endpoints.exchange, EGRESS_ADDRESS: 'laptop' });
    expect(told['BINANCE_STREAM_URL']).toBeUndefined();
    expect(streamer(declared, nowhere)['BINANCE_ENVIRONMENT']).toBeUndefined();
  });

  it('tells of an exchange only those that have to do with one', () => {
    expect(streamer({ FEED: 'synthetic' })['BINANCE_ENVIRONMENT']).toBeUndefined();
  });

  it('has a key file for the KMS key, and a plain cache for the managed one', () => {
    expect(streamer(declared)).toMatchObject({
      KEY_CIPHER: 'file:/data/wallet-key',
      VALKEY_URL: 'redis://127.0.0.1:2',
    });
    expect(streamer(declared)['VALKEY_LOGIN']).toBeUndefined();
  });

  it('is the same for functions, where a test may say otherwise', () => {
    const fn = { name: 'f', arn: 'a', memoryMb: 1, codeDirectory: '/c', environment: declared };
    const told = functionEnvironment(fn as unknown as DeclaredFunction, endpoints, { EGRESS_ADDRESS: 'x' });
    expect(told).toMatchObject({ BINANCE_ENVIRONMENT: 'binance_simulator', EGRESS_ADDRESS: 'x' });
  });
});

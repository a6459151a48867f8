import { describe, expect, it } from 'vitest';
import { ConfigError, loadConfig, loadSymbolsConfig } from '../../../functions/compose/config.ts';

const url = 'http://127.0.0.1:4566/000000000000/q';
const env = {
  ORDERS_TABLE: 'o',
  POSITIONS_TABLE: 'p',
  WALLETS_TABLE: 'w',
  DEMO_VENUE_TABLE: 'd',
  PRICE_TAPE_TABLE: 't',
  CLIENTS_TABLE: 'c',
  AUDIT_TABLE: 'a',
  SYMBOLS_TABLE: 's',
  SUBMIT_QUEUE_URL: url,
  EXITS_QUEUE_URL: url,
  EXECUTIONS_QUEUE_URL: url,
  TRIGGERS_QUEUE_URL: url,
  RECONCILE_QUEUE_URL: url,
  VALKEY_URL: 'redis://127.0.0.1:6379',
};
const simulator = {
  BINANCE_ENVIRONMENT: 'binance_simulator',
  BINANCE_REST_URL: 'http://127.0.0.1:1',
  BINANCE_WS_API_URL: 'ws://127.0.0.1:2/ws-api/v3',
  BINANCE_STREAM_URL: 'ws://127.0.0.1:3',
};
const served = (more: Record<string, string>) => loadConfig({ ...env, ...more }).binance?.environment ?? null;

describe('the served Binance', () => {
  it('is none where nothing is said, or only that it is not the testnet', () => {
    expect(served({})).toBeNull();
    expect(served({ BINANCE_ENVIRONMENT: '', BINANCE_TESTNET: '' })).toBeNull();
    expect(served({ BINANCE_TESTNET: 'false' })).toBeNull();
  });

  it('is what is named, or the testnet by the name of the specification', () => {
    expect(served({ BINANCE_ENVIRONMENT: 'binance' })).toBe('binance');
    expect(served({ BINANCE_ENVIRONMENT: 'binance', BINANCE_TESTNET: 'false' })).toBe('binance');
    expect(served({ BINANCE_TESTNET: 'true' })).toBe('binance_testnet');
    expect(served({ BINANCE_ENVIRONMENT: 'binance_testnet', BINANCE_TESTNET: 'true' })).toBe(
      'binance_testnet',
    );
  });

  it.each([
    { BINANCE_ENVIRONMENT: 'binance', BINANCE_TESTNET: 'true' },
    { BINANCE_ENVIRONMENT: 'binance_testnet', BINANCE_TESTNET: 'false' },
  ])('is refused where two names contradict: %j', (more) => {
    expect(() => served(more)).toThrow(/BINANCE_TESTNET: contradicts/);
  });

  it('has its own addresses where they are given, and the simulator needs them', () => {
    expect(loadConfig({ ...env, ...simulator, EGRESS_ADDRESS: 'eip-1' }).binance).toEqual({
      environment: 'binance_simulator',
      endpoints: {
        rest: 'http://127.0.0.1:1',
        wsApi: 'ws://127.0.0.1:2/ws-api/v3',
        stream: 'ws://127.0.0.1:3',
      },
      egressAddress: 'eip-1',
    });
    expect(loadConfig({ ...env, BINANCE_ENVIRONMENT: 'binance' }).binance).toMatchObject({
      endpoints: { rest: 'https://api.binance.com' },
      egressAddress: 'default',
    });
  });

  it('says everything that is wrong at once', () => {
    const bad = {
      ...env,
      ORDERS_TABLE: '',
      BINANCE_ENVIRONMENT: 'binance_simulator',
      BINANCE_REST_URL: 'http://127.0.0.1:1',
    };
    const read = () => loadConfig(bad, { keys: true });
    expect(read).toThrow(ConfigError);
    for (const name of ['ORDERS_TABLE', 'BINANCE_WS_API_URL', 'BINANCE_STREAM_URL', 'KEY_CIPHER']) {
      expect(read).toThrow(new RegExp(`${name}: `));
    }
  });

  it.each([
    [{ BINANCE_ENVIRONMENT: 'secret' }, /BINANCE_ENVIRONMENT: one of/],
    [{ BINANCE_TESTNET: 'secret' }, /BINANCE_TESTNET/],
    [{ BINANCE_REST_URL: 'ws://secret' }, /BINANCE_REST_URL: an http/],
    [{ BINANCE_STREAM_URL: 'http://secret' }, /BINANCE_STREAM_URL: a ws/],
    [{ BINANCE_REST_URL: 'https://u:secret@host' }, /BINANCE_REST_URL: .*without query or user/],
    [{ BINANCE_REST_URL: 'secret' }, /BINANCE_REST_URL: an http/],
    [{ EGRESS_ADDRESS: 'se cret' }, /EGRESS_ADDRESS: letters/],
    [{ KEY_CIPHER: 'secret' }, /KEY_CIPHER: kms/],
  ])('refuses %j and echoes nothing', (more, message) => {
    const read = () => loadConfig({ ...env, ...more });
    expect(read).toThrow(message);
    expect(read).not.toThrow(/secret/);
  });
});

describe('the cipher of keys', () => {
  it('is asked of those who have to do with keys, where there are any', () => {
    expect(loadConfig({ ...env, ...simulator }).keyCipher).toBeNull();
    expect(loadConfig(env, { keys: true }).keyCipher).toBeNull();
    expect(() => loadConfig({ ...env, ...simulator }, { keys: true })).toThrow(/KEY_CIPHER: is needed/);
    const KEY_CIPHER = 'kms:arn:aws:kms:eu-west-1:1:key/k';
    expect(loadConfig({ ...env, ...simulator, KEY_CIPHER }, { keys: true }).keyCipher).toBe(KEY_CIPHER);
  });
});

describe('the symbols function', () => {
  it('needs its table, the cache and an environment', () => {
    const own = { SYMBOLS_TABLE: 's', VALKEY_URL: 'redis://127.0.0.1:6379', BINANCE_ENVIRONMENT: 'binance' };
    expect(loadSymbolsConfig(own)).toMatchObject({ symbolsTable: 's', binance: { environment: 'binance' } });
    expect(() => loadSymbolsConfig({ ...own, SYMBOLS_TABLE: '', BINANCE_TESTNET: 'true' })).toThrow(
      /SYMBOLS_TABLE: .*BINANCE_TESTNET: contradicts/,
    );
  });
});

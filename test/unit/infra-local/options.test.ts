import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { OptionError } from '../../../infra/command-line.ts';
import { feedEnvironment, feedSecrets, parseOptions } from '../../../infra/local/options.ts';

const HERE = fileURLToPath(import.meta.url);

describe('the options of npm start', () => {
  it('has defaults', () => {
    expect(parseOptions([], {})).toEqual({
      port: 8787,
      console: { port: 8788 },
      exchange: 'simulator',
      json: false,
      verbose: false,
      help: false,
    });
  });

  it('serves the console beside the API, where it is told, or not at all', () => {
    expect(parseOptions(['--port', '9000'], {}).console).toEqual({ port: 9001 });
    expect(parseOptions(['--port', '0'], {}).console).toEqual({ port: 0 });
    expect(parseOptions(['--port', '65535'], {}).console).toEqual({ port: 0 });
    expect(parseOptions(['--console-port=9100'], {}).console).toEqual({ port: 9100 });
    expect(parseOptions(['--no-console'], {}).console).toBeUndefined();
  });

  it('reads every option, with a space or an equals sign', () => {
    const argv = [
      '--port',
      '0',
      `--feed=replay:${HERE}`,
      '--speed',
      '2.5',
      '--strict',
      '--data',
      '/d',
      '--json',
    ];
    expect(parseOptions(argv)).toMatchObject({
      port: 0,
      feed: `replay:${HERE}`,
      speed: '2.5',
      strict: true,
      dataDirectory: '/d',
      json: true,
    });
    expect(parseOptions(['--feed', 'synthetic', '--seed', '42'])).toMatchObject({
      feed: 'synthetic',
      seed: '42',
    });
  });

  it.each<[string[], RegExp]>([
    [['--prot', '1'], /unknown option --prot/],
    [['--console-port', 'x'], /--console-port x: a number from 0 to 65535/],
    [['--console-port', '8787'], /that is the API's/],
    [['--no-console', '--console-port', '1'], /does not go with --no-console/],
    [['synthetic'], /unknown option synthetic/],
    [['--port'], /--port needs a value/],
    [['--port', '--json'], /--port needs a value/],
    [['--port', '65536'], /--port 65536/],
    [['--port', '-1'], /--port -1/],
    [['--port', '80a'], /--port 80a/],
    [['--json=yes'], /--json takes no value/],
    [['--json', '--json'], /--json is given twice/],
    [['--feed', 'polygone'], /--feed polygone: synthetic, binance, polygon, .* or replay:FILE/],
    [['--feed', 'binance+binance'], /--feed binance\+binance: synthetic/],
    [['--polygon-url', 'ws://127.0.0.1:1'], /--polygon-url goes with Polygon in --feed only/],
    [['--feed', 'polygon', '--polygon-url', 'ws://127.0.0.1:1'], /needs a key in POLYGON_API_KEY/],
    [
      ['--feed', 'binance+polygon', '--no-simulator'],
      /needs a key in .*: a simulator says nothing about real/,
    ],
    [['--binance', 'testnet', '--feed', 'binance+polygon'], /needs a key in POLYGON_API_KEY/],
    [['--binance', 'testnet', '--feed', 'polygon+binance'], /does not go with --binance/],
    [['--binance', 'testnet', '--feed', 'polygon'], /--feed polygon does not go with --binance/],
    [['--feed', 'binance', '--seed', '1'], /--seed goes with --feed synthetic/],
    [['--no-simulator=yes'], /--no-simulator takes no value/],
    [['--binance', 'mainnet'], /--binance mainnet: testnet, demo or production/],
    [['--binance', 'constructor'], /--binance constructor: testnet/],
    [['--binance', 'production'], /real money.*--i-understand-real-money/],
    [['--binance', 'testnet', '--i-understand-real-money'], /goes with --binance production only/],
    [['--i-understand-real-money'], /goes with --binance production only/],
    [['--binance', 'testnet', '--feed', 'synthetic'], /--feed synthetic does not go with --binance/],
    [['--binance', 'demo', '--feed', `replay:${HERE}`], /does not go with --binance: stops/],
    [['--feed', 'replay:/no/such/file'], /there is no file/],
    [['--speed', '2'], /--speed goes with --feed replay/],
    [['--feed', `replay:${HERE}`, '--speed', '0'], /--speed 0/],
    [['--feed', `replay:${HERE}`, '--speed', 'fast'], /--speed fast/],
    [['--feed', `replay:${HERE}`, '--seed', '1'], /--seed goes with --feed synthetic/],
    [['--seed', '1.5'], /--seed 1.5/],
    [['--strict'], /--strict goes with/],
  ])('refuses %j', (argv, message) => {
    expect(() => parseOptions(argv, {})).toThrow(OptionError);
    expect(() => parseOptions(argv, {})).toThrow(message);
  });

  it('takes Polygon with a key of the environment, from its own address or another', () => {
    const environment = { POLYGON_API_KEY: 'k' };
    expect(parseOptions(['--feed', 'polygon'], environment)).toMatchObject({ feed: 'polygon' });
    const url = 'ws://127.0.0.1:9001';
    const options = parseOptions(['--feed=polygon', `--polygon-url=${url}`], environment);
    expect(options).toMatchObject({ feed: 'polygon', polygonUrl: url });
    expect(feedEnvironment(options)).toEqual({ FEED: 'polygon', POLYGON_WS_URL: url });
    expect(feedSecrets(options)).toEqual(['POLYGON_API_KEY']);
    expect(feedSecrets({})).toEqual([]);
    // The history of real prices is Polygon's; made-up ones have none.
    expect(feedSecrets({ feed: 'binance', exchange: 'binance_testnet' })).toEqual(['POLYGON_API_KEY']);
    expect(feedSecrets({ feed: 'binance' })).toEqual(['POLYGON_API_KEY']);
    expect(feedSecrets({ feed: 'binance', exchange: 'simulator' })).toEqual([]);
    for (const bad of ['http://127.0.0.1', 'ws://u@h', 'ws://h?key=1']) {
      const argv = ['--feed', 'polygon', '--polygon-url', bad];
      expect(() => parseOptions(argv, environment)).toThrow('--polygon-url: a ws or wss URL');
    }
  });

  it('has a simulator of Polygon where there is no key, and never compares made-up prices with real ones', () => {
    const key = { POLYGON_API_KEY: 'k' };
    for (const feed of ['polygon', 'binance+polygon', 'polygon+binance']) {
      const options = parseOptions(['--feed', feed], {});
      expect(options).toMatchObject({ feed, polygon: 'simulator' });
      expect(feedSecrets(options)).toEqual([]);
    }
    expect(parseOptions(['--feed', 'polygon', '--no-simulator'], {}).polygon).toBe('simulator');
    expect(parseOptions(['--feed', 'polygon+binance'], key).polygon).toBe('real');
    expect(parseOptions(['--feed', 'binance+polygon', '--no-simulator'], key).polygon).toBe('real');
    expect(parseOptions(['--feed', 'binance+polygon', '--binance', 'testnet'], key)).toMatchObject({
      ...{ exchange: 'binance_testnet', feed: 'binance+polygon', polygon: 'real' },
    });
    expect(() => parseOptions(['--feed', 'binance+polygon'], key)).toThrow('Add --no-simulator');
    expect(parseOptions(['--feed', 'binance'], key).polygon).toBeUndefined();
  });

  it('hands on what the environment says of the sources; the command line goes first', () => {
    const environment = {
      ...{ POLYGON_API_KEY: 'k', POLYGON_WS_URL: 'wss://a.example', POLYGON_REST_URL: 'https://b.example' },
      ...{ POLYGON_REQUESTS_PER_MINUTE: '100', FEED_SYMBOLS: 'AAPL', FEED_POLICIES: '', HOME: '/h' },
    };
    const told = {
      POLYGON_REST_URL: 'https://b.example',
      POLYGON_REQUESTS_PER_MINUTE: '100',
      FEED_SYMBOLS: 'AAPL',
    };
    const feed = { FEED: 'polygon', ...told };
    expect(feedEnvironment(parseOptions(['--feed', 'polygon'], environment))).toEqual({
      ...feed,
      POLYGON_WS_URL: 'wss://a.example',
    });
    const url = 'wss://c.example';
    const options = parseOptions(['--feed', 'polygon', '--polygon-url', url], environment);
    expect(feedEnvironment(options)).toEqual({ ...feed, POLYGON_WS_URL: url });
  });

  it('trades at the simulator, at a real exchange by its own prices, or at none', () => {
    expect(parseOptions(['--no-simulator']).exchange).toBeUndefined();
    expect(parseOptions(['--no-simulator', '--feed', 'binance']).feed).toBe('binance');
    expect(parseOptions(['--feed', 'binance'])).toMatchObject({ exchange: 'simulator', feed: 'binance' });
    expect(parseOptions(['--binance', 'testnet'])).toMatchObject({
      exchange: 'binance_testnet',
      feed: 'binance',
    });
    expect(parseOptions(['--binance=demo', '--feed=binance'])).toMatchObject({ exchange: 'binance_demo' });
    expect(parseOptions(['--binance', 'production', '--i-understand-real-money'])).toMatchObject({
      exchange: 'binance',
      feed: 'binance',
    });
  });

  it('hands the feed to the streamer under its own names, whatever the template says', () => {
    expect(feedEnvironment({})).toEqual({ FEED: 'synthetic' });
    expect(feedEnvironment({ feed: 'replay:/f', speed: 'max', strict: true, seed: '1' })).toEqual({
      FEED: 'replay:/f',
      REPLAY_SPEED: 'max',
      REPLAY_STRICT: 'true',
      FEED_SEED: '1',
    });
  });
});

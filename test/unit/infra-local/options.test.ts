import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { feedEnvironment, OptionError, parseOptions } from '../../../infra/local/options.ts';

const HERE = fileURLToPath(import.meta.url);

describe('the options of npm start', () => {
  it('has defaults', () => {
    expect(parseOptions([])).toEqual({ port: 8787, json: false, verbose: false, help: false });
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
    [['synthetic'], /unknown option synthetic/],
    [['--port'], /--port needs a value/],
    [['--port', '--json'], /--port needs a value/],
    [['--port', '65536'], /--port 65536/],
    [['--port', '-1'], /--port -1/],
    [['--port', '80a'], /--port 80a/],
    [['--json=yes'], /--json takes no value/],
    [['--json', '--json'], /--json is given twice/],
    [['--feed', 'binance'], /--feed binance/],
    [['--feed', 'replay:/no/such/file'], /there is no file/],
    [['--speed', '2'], /--speed goes with --feed replay/],
    [['--feed', `replay:${HERE}`, '--speed', '0'], /--speed 0/],
    [['--feed', `replay:${HERE}`, '--speed', 'fast'], /--speed fast/],
    [['--feed', `replay:${HERE}`, '--seed', '1'], /--seed goes with --feed synthetic/],
    [['--seed', '1.5'], /--seed 1.5/],
    [['--strict'], /--strict goes with/],
  ])('refuses %j', (argv, message) => {
    expect(() => parseOptions(argv)).toThrow(OptionError);
    expect(() => parseOptions(argv)).toThrow(message);
  });

  it('hands the feed to the streamer under its own names, and only what was given', () => {
    expect(feedEnvironment({})).toEqual({});
    expect(feedEnvironment({ feed: 'replay:/f', speed: 'max', strict: true, seed: '1' })).toEqual({
      FEED: 'replay:/f',
      REPLAY_SPEED: 'max',
      REPLAY_STRICT: 'true',
      FEED_SEED: '1',
    });
  });
});

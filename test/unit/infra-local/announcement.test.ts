import { describe, expect, it } from 'vitest';
import { announcement } from '../../../infra/local/announcement.ts';
import { parseOptions } from '../../../infra/local/options.ts';

const simulator = {
  restUrl: 'http://127.0.0.1:1001',
  wsApiUrl: 'ws://127.0.0.1:1002',
  streamUrl: 'ws://127.0.0.1:1003',
  controlUrl: 'http://127.0.0.1:1004',
  accounts: [{ uid: 1, keyType: 'hmac', apiKey: 'the-key', secret: 'the-secret' }],
} as const;
const running = {
  console: 'http://127.0.0.1:8788',
  api: 'http://127.0.0.1:8787',
  push: 'ws://127.0.0.1:8787/push',
  token: 'a-token',
  simulator,
  polygon: null,
};
const polygon = {
  wsUrl: 'ws://127.0.0.1:2001',
  delayedUrl: 'ws://127.0.0.1:2002',
  restUrl: 'http://127.0.0.1:2003',
  controlUrl: 'http://127.0.0.1:2004',
  keys: { full: 'polygon-key' },
  key: 'polygon-key',
};

describe('what a started system says of its simulator', () => {
  it('is where it answers, where it is told what to do, and no key', () => {
    const said = announcement(running, parseOptions([]), 'wallet-1', 4321);
    expect(said).toMatch(/^\nConsole: http:\/\/127\.0\.0\.1:8788\n/);
    expect(said).toContain('started in 4.3 s');
    expect(said).toContain('ws://127.0.0.1:8787/push');
    expect(said).toContain('simulator at http://127.0.0.1:1001, wallet "simulator": wallet-1\n');
    expect(said).toContain('  control  http://127.0.0.1:1004/control: ');
    expect(said).not.toMatch(/the-key|the-secret/);
  });

  it('is in the line of JSON too', () => {
    const said = announcement(running, parseOptions(['--json']), 'wallet-1', 1);
    expect(said.trimEnd()).not.toContain('\n');
    expect(JSON.parse(said)).toEqual({
      ready: true,
      console: running.console,
      api: running.api,
      push: running.push,
      token: running.token,
      simulator: { rest_url: simulator.restUrl, control_url: simulator.controlUrl, wallet_id: 'wallet-1' },
    });
  });

  it('says that Polygon is a simulator where one was started, and no key of it', () => {
    const options = parseOptions(['--feed', 'polygon'], {});
    const said = announcement({ ...running, polygon }, options, 'wallet-1', 1);
    expect(said).toContain(
      '  feed     polygon\n  polygon  simulator at ws://127.0.0.1:2001: there is no POLYGON_API_KEY',
    );
    expect(said).toContain('http://127.0.0.1:2004/control');
    const line = announcement(
      { ...running, polygon },
      parseOptions(['--json', '--feed=polygon'], {}),
      'w',
      1,
    );
    expect(JSON.parse(line)).toMatchObject({
      polygon_simulator: {
        ws_url: polygon.wsUrl,
        rest_url: polygon.restUrl,
        control_url: polygon.controlUrl,
      },
    });
    expect(said + line).not.toContain('polygon-key');
  });

  it('is nothing where there is none', () => {
    const said = announcement(
      { ...running, simulator: null, console: null },
      parseOptions(['--no-simulator']),
      null,
      1,
    );
    expect(said).not.toContain('Console');
    expect(said).toContain('  binance  none\n');
    expect(said).not.toContain('control');
  });
});

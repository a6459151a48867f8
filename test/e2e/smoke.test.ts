/** `npm run smoke` against the laptop system: what somebody runs against a deployment, over its URL and nothing else. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseSmokeOptions, type SmokeOptions } from '../../infra/smoke/options.ts';
import { type SmokeDocument, stepLine } from '../../infra/smoke/report.ts';
import { runSmoke } from '../../infra/smoke/run.ts';
import { machineClient } from '../support/machine-token.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';

let system: TestSystem;
const PATIENCE = { priceMs: 20_000, orderMs: 20_000, statementMs: 30_000, pollMs: 50 };

beforeAll(async () => {
  system = await startTestSystem({ simulator: true });
  await system.trade('BTC/USDT', '50000', '5');
});
afterAll(() => system?.stop());

const lines: string[] = [];

async function smoke(
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<SmokeDocument> {
  const options = parseSmokeOptions(['--url', system.running.api, ...words]) as SmokeOptions;
  return runSmoke(options, {
    env,
    ask: async () => null,
    told: (step) => lines.push(stepLine(step)),
    note: (line) => lines.push(line),
    stop: new AbortController().signal,
    patience: PATIENCE,
  });
}

const failed = ({ steps }: SmokeDocument) => steps.filter(({ ok }) => !ok);
const namesOf = ({ steps }: SmokeDocument) => steps.map(({ name }) => name);
const WAY = [
  ...['services', 'price', 'wallet', 'balance', 'preview', 'order', 'fill', 'position', 'health'],
  ...['close', 'profit', 'balance after', 'statement'],
];

/** With the WebSocket's address. */
const TOLD = WAY.flatMap((name) =>
  name === 'order' ? ['socket', name] : name === 'close' ? [name, 'events'] : [name],
);

describe('npm run smoke', () => {
  it('goes the way of a position on a demo wallet, with a token, and is told of it', async () => {
    const document = await smoke(['--push-url', system.running.push ?? ''], {
      MONIQO_TOKEN: system.running.token,
    });
    expect(failed(document)).toEqual([]);
    expect(document).toMatchObject({ passed: true, smoke: 'demo', url: system.running.api });
    expect(namesOf(document)).toEqual(TOLD);
    // 0.001 at 50,000 and back: both fees
    expect(document.steps.find(({ name }) => name === 'profit')?.detail).toContain('-0.1 USDT');
  });

  it('goes it as a machine client, with the wallet that it may trade', async () => {
    const { id, token } = await machineClient(system.running.api);
    const wallet = await system.trader.wallet();
    const issuer = `${system.running.api}/local-issuer`;
    const second = await fetch(`${issuer}/clients/${id}/secrets`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    const { client_secret: secret } = (await second.json()) as { client_secret: string };
    await system.trader.good('POST', '/clients', {
      body: { client_id: id, client_token: token, name: 'smoke', scopes: ['read', 'trade'] },
    });
    const env = { MONIQO_CLIENT_ID: id, MONIQO_CLIENT_SECRET: secret };
    const words = ['--token-url', `${issuer}/oauth2/token`];
    const document = await smoke([...words, '--wallet', wallet], env);
    expect(failed(document)).toEqual([]);
    expect(namesOf(document)).toEqual(WAY);
    expect(lines.join('\n')).not.toContain(secret);

    const without = await smoke(words, env);
    expect(failed(without)).toMatchObject([
      { name: 'wallet', detail: expect.stringContaining('name one of yours with --wallet') },
    ]);
  });

  it('goes it at the exchange, with keys of the environment, which are deleted at the end', async () => {
    const account = system.running.simulator?.accounts.find(({ keyType }) => keyType === 'hmac');
    const [key = '', secret = ''] = [account?.apiKey, account?.secret];
    const document = await smoke(['--binance', 'simulator'], {
      MONIQO_TOKEN: system.running.token,
      BINANCE_TESTNET_API_KEY: key,
      BINANCE_TESTNET_API_SECRET: secret,
    });
    expect(failed(document)).toEqual([]);
    expect(namesOf(document)).toEqual([...WAY, 'put away']);
    const told = `${lines.join('\n')}${JSON.stringify(document)}${system.logs()}`;
    expect(told).not.toContain(secret);
    expect(told).not.toContain(key);
  });

  it('fails at the step that fails, and says why', async () => {
    const bad = await smoke([], { MONIQO_TOKEN: 'not-a-token' });
    expect(bad.passed).toBe(false);
    expect(failed(bad)).toMatchObject([{ name: 'price', detail: expect.stringContaining('401') }]);
    const elsewhere = await smoke(['--binance', 'testnet'], {
      MONIQO_TOKEN: system.running.token,
      BINANCE_TESTNET_API_KEY: 'k',
      BINANCE_TESTNET_API_SECRET: 's',
    });
    expect(failed(elsewhere)).toMatchObject([
      { name: 'services', detail: expect.stringContaining('serves binance_simulator, not binance_testnet') },
    ]);
  });
});

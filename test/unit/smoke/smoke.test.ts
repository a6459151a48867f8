/** `npm run smoke`: its options, who it is, and the profit that it reckons by itself. */
import { describe, expect, it } from 'vitest';
import { tokenSource, venueKeys } from '../../../infra/smoke/access.ts';
import { parseSmokeOptions } from '../../../infra/smoke/options.ts';
import { expectedProfit, isSameAmount, type SmokeFill } from '../../../infra/smoke/profit.ts';
import { decimal } from '../../../shared/domain/money/decimal.ts';

const URL_OF_API = 'https://id.execute-api.eu-west-1.amazonaws.com';

describe('the command line', () => {
  it('has a demo wallet and the laptop system where nothing is said', () => {
    expect(parseSmokeOptions([])).toEqual({
      url: null,
      pushUrl: null,
      tokenUrl: null,
      walletId: null,
      symbol: 'BTC/USDT',
      spend: '50',
      venue: 'demo',
      json: false,
    });
    expect(parseSmokeOptions(['--url', `${URL_OF_API}/`, '--binance', 'testnet'])).toMatchObject({
      url: URL_OF_API,
      venue: 'binance_testnet',
    });
    expect(parseSmokeOptions(['--help'])).toBeNull();
  });

  it('takes no secret, and does not repeat one', () => {
    for (const name of ['--token', '--api-secret', '--secret-key', '--private-key', '--client-secret']) {
      const refused = (words: readonly string[]): string => {
        try {
          parseSmokeOptions(words);
        } catch (error) {
          return String(error);
        }
        return 'taken';
      };
      for (const words of [[name, 'SECRETVALUE'], [`${name}=SECRETVALUE`]]) {
        expect(refused(words)).toContain(`${name} is not taken on the command line`);
        expect(refused(words)).not.toContain('SECRETVALUE');
      }
    }
  });

  it.each([
    [['--url', 'http://example.com'], 'https is expected'],
    [['--url', 'https://me:secret@example.com'], 'without user'],
    [['--url', 'https://example.com?token=x'], 'without user, query'],
    [['--push-url', 'ws://example.com'], 'wss is expected'],
    [['--push-url', 'https://example.com'], 'wss is expected'],
    [['--token-url', 'http://example.com/oauth2/token'], 'https is expected'],
    [['--url', URL_OF_API, '--binance', 'simulator'], 'on this machine only'],
    [['--binance', 'production'], 'testnet or simulator'],
    [['--spend', '1001'], 'at most 1000'],
    [['--spend', '0'], 'above 0'],
    [['--symbol', 'BTCUSDT'], 'a symbol like'],
  ])('refuses %j', (words, why) => {
    expect(() => parseSmokeOptions(words)).toThrow(why);
  });

  it('takes the simulator on this machine', () => {
    const words = ['--url', 'http://127.0.0.1:8787', '--binance', 'simulator'];
    expect(parseSmokeOptions(words)?.venue).toBe('binance_simulator');
    const push = ['--push-url', 'wss://id.execute-api.eu-west-1.amazonaws.com/live'];
    expect(parseSmokeOptions(push)?.pushUrl).toBe(push[1]);
    expect(parseSmokeOptions(['--push-url', 'ws://127.0.0.1:8787/push'])?.pushUrl).toContain('ws:');
  });
});

describe('who it is', () => {
  const granting = (answer: Response): { readonly asked: RequestInit[]; readonly fetch: typeof fetch } => {
    const asked: RequestInit[] = [];
    return {
      asked,
      fetch: (_url, init) => {
        asked.push(init ?? {});
        return Promise.resolve(answer.clone());
      },
    };
  };
  const CLIENT = { MONIQO_CLIENT_ID: 'bot', MONIQO_CLIENT_SECRET: 'hush' };
  const tokenUrl = 'https://domain.example/oauth2/token';

  it('is the token of the environment', async () => {
    expect(await tokenSource({ tokenUrl: null }, { MONIQO_TOKEN: 't' })()).toBe('t');
  });

  it('is a machine client: one grant for as long as its token is good', async () => {
    const { asked, fetch } = granting(Response.json({ access_token: 'granted', expires_in: 3600 }));
    const token = tokenSource({ tokenUrl }, CLIENT, fetch);
    expect([await token(), await token()]).toEqual(['granted', 'granted']);
    expect(asked).toHaveLength(1);
    expect(new Headers(asked[0]?.headers).get('authorization')).toBe(`Basic ${btoa('bot:hush')}`);
    expect(String(asked[0]?.body)).toBe('grant_type=client_credentials');
  });

  it('says what is missing, or what the endpoint says, and never the secret', async () => {
    expect(() => tokenSource({ tokenUrl: null }, CLIENT)).toThrow('MONIQO_TOKEN');
    expect(() => tokenSource({ tokenUrl }, {})).toThrow('who are you?');
    const { fetch } = granting(Response.json({ error: 'invalid_client' }, { status: 401 }));
    const refused = await tokenSource({ tokenUrl }, CLIENT, fetch)().catch(String);
    expect(refused).toContain('401 invalid_client');
    expect(refused).not.toContain('hush');
    const { fetch: odd } = granting(new Response('<html>', { status: 200 }));
    expect(await tokenSource({ tokenUrl }, CLIENT, odd)().catch(String)).toContain('without a token');
  });

  it('asks for keys that are not in the environment, and refuses where nobody answers', async () => {
    const asked: string[] = [];
    const ask = async (question: string): Promise<string> => {
      asked.push(question);
      return `typed ${asked.length}`;
    };
    expect(await venueKeys({}, ask)).toEqual({ api_key: 'typed 1', secret_key: 'typed 2' });
    const env = { BINANCE_TESTNET_API_KEY: 'k', BINANCE_TESTNET_PRIVATE_KEY: 'pem' };
    expect(await venueKeys(env, ask)).toEqual({ api_key: 'k', private_key: 'pem' });
    expect(asked).toHaveLength(2);
    await expect(venueKeys({}, async () => null)).rejects.toThrow('BINANCE_TESTNET_API_KEY');
  });
});

describe('the profit by the fills', () => {
  const fill = (change: Partial<SmokeFill>): SmokeFill => ({
    role: 'entry',
    amount: '0.5',
    price: '50000',
    fee: '25',
    fee_currency: 'USDT',
    fee_quote_value: '25',
    ...change,
  });
  const sold = (change: Partial<SmokeFill> = {}): SmokeFill =>
    fill({ role: 'exit', price: '51500', fee: '25.75', ...change });

  it('is the specification’s example', () => {
    expect(expectedProfit([fill({}), sold()], null, 'BTC/USDT')?.toFixed()).toBe('699.25');
  });

  it('counts a fee in base as coins that could not be sold, and leaves dust at its cost', () => {
    const bought = fill({ fee: '0.0005', fee_currency: 'BTC', fee_quote_value: '25' });
    const out = sold({ amount: '0.499', fee: '0', fee_currency: 'USDT' });
    // 0.4995 cost 25,000; 0.0005 of it is left and cost 25.025...
    const dust = { amount: '0.0005', cost: '25.025025025025025025' };
    // 0.499 x 51,500 - (25,000 - 25.025...)
    expect(expectedProfit([bought, out], dust, 'BTC/USDT')?.toFixed()).toBe('723.525025025025025025');
  });

  it('takes a third asset at its value, and does not guess one', () => {
    const inBnb = sold({ fee: '0.05', fee_currency: 'BNB', fee_quote_value: '30' });
    expect(expectedProfit([fill({}), inBnb], null, 'BTC/USDT')?.toFixed()).toBe('695');
    const unvalued = sold({ fee: '0.05', fee_currency: 'BNB', fee_quote_value: null });
    expect(expectedProfit([fill({}), unvalued], null, 'BTC/USDT')).toBeNull();
  });

  it('a cent is a difference', () => {
    expect(isSameAmount(decimal('1'), decimal('1.000000000000000001'))).toBe(true);
    expect(isSameAmount(decimal('1'), decimal('1.01'))).toBe(false);
  });
});

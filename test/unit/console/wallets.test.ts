/** Limits against use, the form that sets them, and what the forms for new wallets send. */
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type LimitTexts, limitsBodyOf, textsOf } from '../../../console/src/pages/wallets/limits-form.ts';
import {
  barWidth,
  closestOf,
  limitUses,
  type WalletLimits,
} from '../../../console/src/pages/wallets/limits-use.ts';
import { demoWalletOf, keysOf, pemLines } from '../../../console/src/pages/wallets/wallet-forms.ts';
import { CreateWalletBody, LimitsBody } from '../../../functions/api/schemas/wallets.ts';

const limitsOf = (
  limits: Partial<WalletLimits['limits']>,
  used: Partial<WalletLimits['used']> = {},
): WalletLimits => ({
  ...{ wallet_id: 'W', currency: 'USD' },
  limits: {
    ...{ max_position_notional: null, max_total_exposure: null, max_open_positions: null },
    ...{ max_orders_per_minute: null, allowed_symbols: null, max_daily_loss: null, max_drawdown: null },
    ...{ cooldown_after_losses: null, cooldown_minutes: 60, on_breach: 'pause' },
    ...limits,
  },
  used: {
    ...{ total_exposure: '0', reserved: '0', cost: '0', open_positions: 0, unvalued_positions: 0 },
    ...{
      orders_this_minute: null,
      losses_in_a_row: 0,
      cooldown_until: null,
      realized_today: '0',
      results: null,
    },
    ...used,
  },
});
const useOf = (name: string, found: WalletLimits) => limitUses(found).find((one) => one.name === name);
const results = (day_pnl: string | null, drawdown: string | null, unknown: string | null = null) => ({
  ...{ day_pnl, drawdown, unknown, realized_today: '0', unrealized: '0', day_start: null },
});

describe('the use of a limit', () => {
  it.each([
    ['1000', '0', '0', 'good'],
    ['1000', '799.99', '79.999', 'good'],
    ['1000', '800', '80', 'warn'],
    ['1000', '1000', '100', 'bad'],
    ['1000', '1250', '125', 'bad'],
    ['0', '0', '100', 'bad'],
    ['30000000000000000000000', '15000000000000000000000', '50', 'good'],
  ])('of %s with %s used is %s %% and %s', (max_total_exposure, total_exposure, percent, tone) => {
    const found = limitsOf({ max_total_exposure }, { total_exposure });
    expect(useOf('max_total_exposure', found)).toMatchObject({ percent, tone, used: total_exposure });
  });

  it('that is not set has its use and no share; one whose use is not known is not taken for unused', () => {
    expect(useOf('max_total_exposure', limitsOf({}, { total_exposure: '5' }))).toMatchObject({
      ...{ limit: null, used: '5', percent: null, tone: 'plain' },
    });
    const unknown = limitsOf(
      { max_daily_loss: '100' },
      { results: results(null, null, 'BTC/EUR has no value') },
    );
    expect(useOf('max_daily_loss', unknown)).toMatchObject({
      ...{ used: null, percent: null, tone: 'plain', note: 'BTC/EUR has no value' },
    });
  });

  it('of a loss counts what was lost; a gain is none', () => {
    const of = (pnl: string) => limitsOf({ max_daily_loss: '100' }, { results: results(pnl, '0') });
    expect(useOf('max_daily_loss', of('-85.5'))).toMatchObject({
      used: '85.5',
      percent: '85.5',
      tone: 'warn',
    });
    expect(useOf('max_daily_loss', of('20'))).toMatchObject({ used: '0', tone: 'good' });
  });

  it('that is closest is told, and a bar is never longer than whole', () => {
    const found = limitsOf(
      { max_total_exposure: '100', max_open_positions: 4, max_position_notional: '1' },
      { total_exposure: '9', open_positions: 3 },
    );
    expect(closestOf(limitUses(found))?.name).toBe('max_open_positions');
    expect(closestOf(limitUses(limitsOf({})))).toBeNull();
    expect([barWidth('12.5'), barWidth('250'), barWidth(null)]).toEqual(['12.5%', '100%', '0%']);
  });
});

describe('the form of limits', () => {
  const before = textsOf(
    limitsOf({ max_total_exposure: '1000.50', max_open_positions: 3, allowed_symbols: ['BTC/USDT'] }),
  );
  const typed = (change: Partial<LimitTexts>) => limitsBodyOf(before, { ...before, ...change });

  it('sends what was changed alone, and null for what was emptied', () => {
    expect(typed({}).body).toBeNull();
    const { body } = typed({
      ...{ max_total_exposure: '2000.123456789012345678', max_open_positions: '', max_daily_loss: '50' },
      ...{ allowed_symbols: 'BTC/USDT, ETH-USDT', on_breach: 'flatten' },
    });
    expect(body).toEqual({
      ...{ max_total_exposure: '2000.123456789012345678', max_open_positions: null, max_daily_loss: '50' },
      ...{ allowed_symbols: ['BTC/USDT', 'ETH-USDT'], on_breach: 'flatten' },
    });
    LimitsBody().parse(body);
    expect(typed({ allowed_symbols: ' ' }).body).toEqual({ allowed_symbols: null });
  });

  it('says what is wrong at its field', () => {
    const { body, errors } = typed({ max_daily_loss: '1,5', max_open_positions: '1.5' });
    expect(body).toBeNull();
    expect([...errors.keys()]).toEqual(['max_daily_loss', 'max_open_positions']);
  });
});

describe('a new wallet', () => {
  const texts = { name: ' practice ', balances: 'usdt 100000.5, BTC 1', fee: '', max_leverage: '' };

  it('for practice has the balances as they were typed', () => {
    const { body } = demoWalletOf(texts);
    expect(body).toEqual({
      name: 'practice',
      type: 'demo',
      starting_balances: { USDT: '100000.5', BTC: '1' },
    });
    const more = demoWalletOf({ ...texts, fee: '0', max_leverage: '5' }).body;
    expect(more).toMatchObject({ fee_rate: '0', max_leverage: 5 });
    CreateWalletBody().parse(body);
    CreateWalletBody().parse(more);
  });

  it.each(['', 'USDT', 'USDT 1 2', 'USDT 1, USDT 2', 'USDT -1', '100000 USDT!', 'USDT 1,5'])(
    'does not take "%s" for balances',
    (balances) => {
      expect([...demoWalletOf({ ...texts, balances }).errors.keys()]).toEqual(['starting_balances']);
    },
  );

  it('takes a private key that a field has brought onto one line', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    for (const pasted of [pem, pem.replaceAll('\n', ''), pem.replaceAll('\n', ' ')]) {
      expect(keysOf(' key ', pasted)).toEqual({ api_key: 'key', private_key: pem });
    }
    expect(keysOf('key', ' secret ')).toEqual({ api_key: 'key', secret_key: 'secret' });
    expect(pemLines('-----BEGIN nothing')).toBe('-----BEGIN nothing');
  });
});

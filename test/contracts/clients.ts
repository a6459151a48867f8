/** What every store of machine clients does, and every ledger with what they use. */
import { beforeEach, describe, expect, it } from 'vitest';
import {
  type ApiClient,
  type ClientAsked,
  clientGate,
  NO_CLIENT_LIMITS,
  UNUSED,
} from '../../shared/domain/clients.ts';
import { decimal } from '../../shared/domain/money/decimal.ts';
import type { ClientStore } from '../../shared/ports/clients.ts';
import { BadCursorError, type CommitResult, type Ledger } from '../../shared/ports/ledger.ts';
import { anOrder, aPosition, NOW } from '../integration/dynamodb/samples.ts';

export const aClient = (changes: Partial<ApiClient> = {}): ApiClient => ({
  ...UNUSED,
  clientId: 'client-1',
  version: 1,
  userId: 'alice',
  name: 'bot',
  scopes: ['read', 'trade'],
  limits: NO_CLIENT_LIMITS,
  createdAt: NOW,
  updatedAt: NOW,
  revokedAt: null,
  ...changes,
});

export interface OpenClients {
  /** Empty, and nobody else's; the ledger is of the same store. */
  readonly clients: ClientStore;
  readonly ledger: Ledger;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

export function describeClients(name: string, open: () => Promise<OpenClients>): void {
  describe(name, () => {
    let clients: ClientStore;
    let ledger: Ledger;
    let orders = 0;
    beforeEach(async () => {
      ({ clients, ledger } = await open());
    });

    const stored = async (clientId = 'client-1'): Promise<ApiClient> => {
      const found = await clients.get(clientId);
      if (found === null) throw new Error(`no client ${clientId}`);
      return found;
    };
    const asking = (worth: string, changes: Partial<ClientAsked> = {}): ClientAsked => ({
      ...{ walletId: 'wallet-1', symbol: 'BTC/USDT', quote: 'USDT', kind: 'position', now: NOW },
      ...{ more: decimal(worth), whole: decimal(worth) },
      ...changes,
    });
    /** An entry written under what `client` was read as. */
    const place = (client: ApiClient, asked: ClientAsked, orderId = `o-${++orders}`): Promise<CommitResult> =>
      ledger.commit({
        orders: [{ before: null, after: anOrder({ orderId, positionId: `p-${orderId}` }) }],
        positions: [
          { before: null, after: aPosition({ positionId: `p-${orderId}`, entryOrderId: orderId }) },
        ],
        client: clientGate(client, asked),
      });
    const use = async () => {
      const { day, dayNotional, minute, minuteOrders } = await stored();
      return [day, dayNotional.toFixed(), minute, minuteOrders];
    };

    it('keeps a client as it is, once, whoever asks for its id again', async () => {
      const limits = {
        allowedWallets: ['wallet-1'],
        allowedSymbols: [],
        maxOrderNotional: decimal('0.123456789012345678'),
        maxDailyNotional: null,
        maxOrdersPerMinute: 0,
      };
      expect(await clients.create(aClient({ limits, version: 0 }))).toBe(true);
      expect(await clients.create(aClient({ userId: 'bob' }))).toBe(false);
      expect(await stored()).toEqual(aClient({ limits }));
      expect(await clients.get('client-2')).toBeNull();
    });

    it("lists a user's own, newest first, page by page", async () => {
      for (const n of [1, 2, 3]) await clients.create(aClient({ clientId: `c-${n}`, createdAt: NOW + n }));
      await clients.create(aClient({ clientId: 'c-9', userId: 'bob' }));
      const first = await clients.ofUser('alice', { limit: 2, cursor: null });
      expect(first.items.map(({ clientId }) => clientId)).toEqual(['c-3', 'c-2']);
      const rest = await clients.ofUser('alice', { limit: 2, cursor: first.cursor });
      expect([rest.items.map(({ clientId }) => clientId), rest.cursor]).toEqual([['c-1'], null]);
      await expect(clients.ofUser('bob', { limit: 2, cursor: first.cursor })).rejects.toThrow(BadCursorError);
    });

    it('changes settings under their version, and leaves what is used', async () => {
      await clients.create(aClient());
      const before = await stored();
      await place(before, asking('100'));
      const after = {
        ...before,
        name: 'other',
        scopes: ['read'] as const,
        revokedAt: NOW + 1,
        userId: 'bob',
      };
      expect(await clients.update({ before, after })).toBe(true);
      expect(await clients.update({ before, after })).toBe(false);
      expect(await stored()).toMatchObject({
        ...{ name: 'other', scopes: ['read'], revokedAt: NOW + 1, version: 2, userId: 'alice' },
        minuteOrders: 1,
      });
      expect(await clients.update({ before: aClient({ clientId: 'c-9' }), after: aClient() })).toBe(false);
    });

    it('adds what is used with the order, by day and minute', async () => {
      await clients.create(aClient());
      const place_ = async (worth: string, changes: Partial<ClientAsked> = {}) =>
        expect(await place(await stored(), asking(worth, changes))).toEqual({ outcome: 'done' });
      await place_('100.5');
      await place_('0.25');
      const [day, minute] = [Math.floor(NOW / DAY), Math.floor(NOW / MINUTE)];
      expect(await use()).toEqual([day, '100.75', minute, 2]);
      await place_('1', { kind: 'change' });
      expect(await use()).toEqual([day, '101.75', minute, 2]);
      await place_('1', { now: NOW + MINUTE });
      expect(await use()).toEqual([day, '102.75', minute + 1, 1]);
      // A clock that is behind counts where the others are.
      await place_('1', { now: NOW });
      expect(await use()).toEqual([day, '103.75', minute + 1, 2]);
      await place_('7', { now: NOW + DAY });
      expect(await use()).toEqual([day + 1, '7', minute + DAY / MINUTE, 1]);
    });

    it('writes nothing when the client was used, changed or revoked meanwhile so that it does not fit', async () => {
      const limits = { ...NO_CLIENT_LIMITS, maxDailyNotional: decimal('100'), maxOrdersPerMinute: 3 };
      await clients.create(aClient({ limits }));
      const first = await stored();
      expect(await place(first, asking('60'))).toEqual({ outcome: 'done' });
      // It was the first of the day when it was read, and is not any more.
      expect(await place(first, asking('30'), 'late')).toEqual({ outcome: 'risk_changed' });
      expect(await ledger.order('late')).toBeNull();
      const second = await stored();
      expect(await place(second, asking('40'))).toEqual({ outcome: 'done' });
      expect(await place(second, asking('0.01'), 'above')).toEqual({ outcome: 'risk_changed' });
      expect(await use()).toMatchObject([expect.anything(), '100', expect.anything(), 2]);
      const third = await stored();
      expect(await place(third, asking('0'))).toEqual({ outcome: 'done' });
      expect(await place(third, asking('0'), 'fourth')).toEqual({ outcome: 'risk_changed' });
      const last = await stored();
      await clients.update({ before: last, after: { ...last, revokedAt: NOW } });
      expect(await place(last, asking('0', { now: NOW + MINUTE }))).toEqual({ outcome: 'risk_changed' });
      expect(await place(aClient({ clientId: 'nobody' }), asking('1'))).toEqual({ outcome: 'risk_changed' });
    });

    it('counts an order once: a second under its id counts nothing', async () => {
      await clients.create(aClient());
      await place(await stored(), asking('10'), 'same');
      expect(await place(await stored(), asking('10'), 'same')).toMatchObject({ outcome: 'conflict' });
      expect(await use()).toMatchObject([expect.anything(), '10', expect.anything(), 1]);
    });

    it('lets no more through than its limits, however many come at once', async () => {
      const limits = { ...NO_CLIENT_LIMITS, maxDailyNotional: decimal('100') };
      await clients.create(aClient({ limits }));
      await place(await stored(), asking('1'));
      const read = await stored();
      const results = await Promise.all(Array.from({ length: 6 }, () => place(read, asking('30'))));
      expect(results.filter(({ outcome }) => outcome === 'done')).toHaveLength(3);
      expect((await stored()).dayNotional.toFixed()).toBe('91');
    });
  });
}

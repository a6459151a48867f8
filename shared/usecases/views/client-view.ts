/** A machine client as its user sees it; secrets are not known here. */
import { type ApiClient, usedAt } from '../../domain/clients.ts';
import { money, moneyOrNull, time, timeOrNull } from './text.ts';

export function clientView(client: ApiClient, now: number) {
  const { limits } = client;
  const used = usedAt(client, now);
  return {
    client_id: client.clientId,
    name: client.name,
    status: client.revokedAt === null ? ('active' as const) : ('revoked' as const),
    scopes: client.scopes,
    allowed_wallets: limits.allowedWallets,
    allowed_symbols: limits.allowedSymbols,
    max_order_notional: moneyOrNull(limits.maxOrderNotional),
    max_daily_notional: moneyOrNull(limits.maxDailyNotional),
    max_orders_per_minute: limits.maxOrdersPerMinute,
    used: { daily_notional: money(used.notional), orders_this_minute: used.orders },
    created_at: time(client.createdAt),
    updated_at: time(client.updatedAt),
    revoked_at: timeOrNull(client.revokedAt),
  };
}

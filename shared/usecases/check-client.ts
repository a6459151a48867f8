/** Whether a machine client's own limits let an entry through; the same for placing, amending and preview (design section 17). */
import {
  type BrokenClientLimit,
  brokenClientLimits,
  type ClientAsked,
  type ClientGate,
  clientGate,
} from '../domain/clients.ts';
import { ok, type Result } from '../domain/result.ts';
import { inDollars } from '../domain/usd.ts';
import type { EntryWorth } from './check-risk.ts';
import type { Ports } from './ports.ts';
import { type Refusal, refuse } from './refusal.ts';

function figures({ name, limit, used, asked }: BrokenClientLimit): string {
  if (used === '') return `${name} (${limit === '' ? 'none' : limit}; asked ${asked})`;
  return `${name} (limit ${limit}, used ${used}, asked ${asked})`;
}

function clientRefusal(broken: readonly BrokenClientLimit[]) {
  const facts = broken.flatMap(({ name, limit, used, asked }) => [
    [`${name}_limit`, limit],
    [`${name}_used`, used],
    [`${name}_asked`, asked],
  ]);
  return refuse(
    'client_limit',
    null,
    `the client's own limits do not allow it: ${broken.map(figures).join(', ')}`,
    'ask for less, wait where a day or a minute has to end, or have its user change the limits',
    { broken: broken.map(({ name }) => name).join(','), ...Object.fromEntries(facts) },
  );
}

/**
 * The gate that the entry is to be written under, or every limit that it would break. Null: no client places it, but its
 * user. One that was revoked after its token was looked at is refused as well.
 */
export async function checkClient(
  { clients, clock }: Pick<Ports, 'clients' | 'clock'>,
  clientId: string | null | undefined,
  { walletId, symbol, quote, more, position, kind }: EntryWorth,
): Promise<Result<ClientGate | null, Refusal>> {
  if (clientId == null) return ok(null);
  const client = await clients.get(clientId);
  if (client === null || client.revokedAt !== null) {
    const message = 'the client was revoked, or is none of its user';
    return refuse('client_revoked', null, message, 'have its user register another client');
  }
  const asked: ClientAsked = {
    ...{ walletId, symbol, quote, kind, now: clock.now() },
    more: inDollars(more, quote),
    whole: inDollars(position, quote),
  };
  const broken = brokenClientLimits(client, asked);
  return broken.length > 0 ? clientRefusal(broken) : ok(clientGate(client, asked));
}

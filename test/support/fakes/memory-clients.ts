/** The store of machine clients in memory, held to the real one by test/contracts/clients.ts. */
import { type ApiClient, type ClientGate, letsThrough, withUse } from '../../../shared/domain/clients.ts';
import type { ClientStore } from '../../../shared/ports/clients.ts';
import type { Page, PageQuery } from '../../../shared/ports/ledger.ts';
import { frozen } from './frozen.ts';
import { pageOf } from './page.ts';
import type { Write } from './shelf.ts';

export class MemoryClients implements ClientStore {
  readonly items = new Map<string, ApiClient>();

  async create(client: ApiClient): Promise<boolean> {
    if (this.items.has(client.clientId)) return false;
    this.items.set(client.clientId, frozen({ ...client, version: 1 }));
    return true;
  }

  async get(clientId: string): Promise<ApiClient | null> {
    return this.items.get(clientId) ?? null;
  }

  async ofUser(userId: string, query: PageQuery): Promise<Page<ApiClient>> {
    const own = [...this.items.values()].filter((client) => client.userId === userId);
    return pageOf(`clients/by_user/${userId}`, own, ({ clientId }) => clientId, query);
  }

  async update({ before, after }: { before: ApiClient; after: ApiClient }): Promise<boolean> {
    const stored = this.items.get(after.clientId);
    if (stored?.version !== before.version) return false;
    const { name, scopes, limits, updatedAt, revokedAt } = after;
    const settings = { name, scopes, limits, updatedAt, revokedAt, version: before.version + 1 };
    this.items.set(after.clientId, frozen({ ...stored, ...settings }));
    return true;
  }

  /** What a commit adds; an item that is not there fails the condition. */
  use(gate: ClientGate): Write {
    const stored = this.items.get(gate.clientId);
    return {
      name: `client ${gate.clientId}`,
      isStale: stored === undefined || !letsThrough(gate, stored),
      put: () => {
        if (stored !== undefined) this.items.set(gate.clientId, frozen(withUse(stored, gate)));
      },
    };
  }
}

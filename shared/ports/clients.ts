/** Machine clients: where they are kept. What they use is written with the orders that use it (Commit.client). */
import type { ApiClient } from '../domain/clients.ts';
import type { Page, PageQuery } from './ledger.ts';

export interface ClientStore {
  /** False when the id is there already, whoever's it is. */
  create(client: ApiClient): Promise<boolean>;
  /** Strongly consistent; revoked ones too. */
  get(clientId: string): Promise<ApiClient | null>;
  /** Newest first, revoked ones too. @throws BadCursorError */
  ofUser(userId: string, query: PageQuery): Promise<Page<ApiClient>>;
  /**
   * Sets name, scopes, limits and revocation. False when the settings were changed since `before` was read; what was used
   * meanwhile stays as it is.
   */
  update(change: { readonly before: ApiClient; readonly after: ApiClient }): Promise<boolean>;
}

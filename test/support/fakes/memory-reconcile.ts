import type { ReconcileState } from '../../../shared/domain/reconcile/types.ts';
import type { ReconcileStatement, ReconcileStore } from '../../../shared/ports/reconcile.ts';
import { frozen } from './frozen.ts';

/** Holds what the real store holds, with the same conflicts; held to it by test/contracts/reconcile-store.ts. */
export class MemoryReconcile implements ReconcileStore {
  readonly items = new Map<string, ReconcileState>();
  readonly written = new Map<string, readonly ReconcileStatement[]>();

  async state(walletId: string): Promise<ReconcileState | null> {
    return this.items.get(walletId) ?? null;
  }

  async states(walletIds: readonly string[]): Promise<readonly ReconcileState[]> {
    return [...new Set(walletIds)].flatMap((walletId) => this.items.get(walletId) ?? []);
  }

  async save(
    { before, after }: { readonly before: ReconcileState | null; readonly after: ReconcileState },
    statement: ReconcileStatement | null,
  ): Promise<boolean> {
    if (this.items.get(after.walletId)?.version !== before?.version) return false;
    this.items.set(after.walletId, frozen({ ...after, version: (before?.version ?? 0) + 1 }));
    if (statement !== null) {
      const known = this.written.get(statement.walletId) ?? [];
      const others = known.filter(({ startedAt }) => startedAt !== statement.startedAt);
      this.written.set(
        statement.walletId,
        [frozen({ ...statement }), ...others].sort((a, b) => b.startedAt - a.startedAt),
      );
    }
    return true;
  }

  async latest(walletId: string): Promise<ReconcileStatement | null> {
    return this.written.get(walletId)?.[0] ?? null;
  }

  async statements(
    walletId: string,
    limit: number,
    before: number | null,
  ): Promise<readonly ReconcileStatement[]> {
    const known = this.written.get(walletId) ?? [];
    return known.filter(({ startedAt }) => before === null || startedAt < before).slice(0, limit);
  }
}

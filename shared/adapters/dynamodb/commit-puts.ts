/** What a commit of the ledger writes: its conditional puts, in the order in which conflicts are named. */
import type { Change, Commit } from '../../ports/ledger.ts';
import { actionItem, callItem, fillItem, orderItem, positionItem, signalItem } from './items.ts';
import type { ConditionalPut } from './transact.ts';

interface Tables {
  readonly ordersTable: string;
  readonly positionsTable: string;
  readonly sweepShards: number;
}

/** The item as it will be stored: one version above the one that was read. */
function nextVersion<T extends { readonly version: number }>(change: Change<T>, id: (item: T) => string): T {
  if (change.before !== null && id(change.before) !== id(change.after)) {
    throw new Error(`a change from ${id(change.before)} to ${id(change.after)} is not one item's`);
  }
  return { ...change.after, version: (change.before?.version ?? 0) + 1 };
}

const expects = (change: Change<{ readonly version: number }>): ConditionalPut['expects'] =>
  change.before === null ? 'new' : { version: change.before.version };

export interface LedgerPut extends ConditionalPut {
  /** Set on the put of a fill. */
  readonly tradeId?: string;
  /** Set on the put of a call. */
  readonly isCall?: true;
}

export function putsOf(commit: Commit, { ordersTable, positionsTable, sweepShards }: Tables): LedgerPut[] {
  const puts: LedgerPut[] = [];
  for (const change of commit.orders ?? []) {
    const order = nextVersion(change, (o) => o.orderId);
    const item = orderItem(order, sweepShards);
    puts.push({ table: ordersTable, item, name: `order ${order.orderId}`, expects: expects(change) });
  }
  const versions = new Map<string, number>();
  for (const change of commit.positions ?? []) {
    const position = nextVersion(change, (p) => p.positionId);
    versions.set(position.positionId, position.version);
    const item = positionItem(position, sweepShards);
    const name = `position ${position.positionId}`;
    puts.push({ table: positionsTable, item, name, expects: expects(change) });
  }
  for (const { orderId, fill } of commit.fills ?? []) {
    const name = `fill ${orderId} ${fill.tradeId}`;
    puts.push({
      table: ordersTable,
      item: fillItem(orderId, fill),
      name,
      expects: 'new',
      tradeId: fill.tradeId,
    });
  }
  (commit.actions ?? []).forEach(({ positionId, action }, index) => {
    const version = versions.get(positionId);
    const item = actionItem(positionId, action, version === undefined ? null : { version, index });
    puts.push({ table: positionsTable, item, name: `action ${positionId}`, expects: 'any' });
  });
  for (const { positionId, signal } of commit.signals ?? []) {
    const name = `signal ${positionId} ${signal.signalId}`;
    puts.push({ table: positionsTable, item: signalItem(positionId, signal), name, expects: 'new' });
  }
  for (const call of commit.keys ?? []) {
    const name = `key of ${call.ownerId}`;
    puts.push({ table: ordersTable, item: callItem(call), name, expects: 'new', isCall: true });
  }
  return puts;
}

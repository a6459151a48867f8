/**
 * The trigger index against the ledger (design section 10): what is watched for nobody is taken out, what is noted as
 * watched and is not there is armed again. A cache that was lost is a rebuild's matter; this finds what went one by one.
 *
 * Always true: each owner is read strongly after the index, and what has changed a moment ago is left to whoever changed
 * it; arming once more what is there is harmless.
 */
import { levelsOf, parseMember } from '../domain/levels.ts';
import { orderLevels } from '../domain/order-levels.ts';
import type { Level } from '../domain/triggers/types.ts';
import type { Order, Position } from '../domain/types.ts';
import type { ArmLevels } from './arm-levels.ts';
import { specOf } from './change-order.ts';
import type { Ports } from './ports.ts';
import { readApart } from './read-apart.ts';
import { replayTape, tapeSince } from './replay-tape.ts';

type Needs = Pick<
  Ports,
  'ledger' | 'index' | 'prices' | 'tape' | 'leases' | 'outbox' | 'symbols' | 'clock' | 'log'
>;

/** Between two looks at a symbol. */
const EVERY_MS = 5 * 60_000;
/** Whatever was written since is on its way into the index, or out of it. */
const QUIET_MS = 10_000;
/** What is not looked at by then waits for the next minute. */
const BUDGET_MS = 15_000;
const AT_ONCE = 250;

export interface Audited {
  readonly symbols: number;
  /** Levels of nobody, or that their owner does not want; and levels that should have been there. */
  readonly strays: number;
  readonly missing: number;
}

type Owner = Order | Position;

const without = (levels: readonly Level[], others: readonly Level[]): readonly Level[] => {
  const known = new Set(others.map(({ member }) => member));
  return levels.filter(({ member }) => !known.has(member));
};
const namesOf = (levels: readonly Level[]): string =>
  levels.map(({ member }) => parseMember(member).levelName).join();
const idOf = (owner: Owner): string => ('orderId' in owner ? owner.orderId : owner.positionId);

/** Does the ledger say that the index holds its levels? One that was reached is out of it, and is being looked at. */
const isNoted = (owner: Owner): boolean =>
  'orderId' in owner
    ? owner.armedAt !== null && owner.touchedAt === null
    : owner.armedVersion === owner.levelsVersion;

export function makeAuditIndex(ports: Needs, { armPosition, armOrder }: ArmLevels) {
  const { ledger, index, leases, outbox, symbols, clock, log } = ports;

  async function wantedOf(owner: Owner): Promise<readonly Level[]> {
    const spec = await specOf(symbols, owner);
    return 'orderId' in owner ? orderLevels(owner, spec) : levelsOf(owner, spec);
  }

  async function compare(owner: Owner, held: readonly Level[]): Promise<{ strays: number; missing: number }> {
    const wanted = await wantedOf(owner);
    const strays = without(held, wanted);
    const missing = isNoted(owner) ? without(wanted, held) : [];
    if (strays.length + missing.length === 0) return { strays: 0, missing: 0 };
    const named = { strays: namesOf(strays), missing: namesOf(missing) };
    log.warn('LEVELS_AUDITED', { symbol: owner.symbol, ownerId: idOf(owner), ...named });
    if (missing.length > 0) await bringBack(owner, missing);
    if (strays.length === 0) return { strays: 0, missing: missing.length };
    if ('orderId' in owner) await armOrder(owner);
    else await armPosition(owner);
    return { strays: strays.length, missing: missing.length };
  }

  /** With the peaks that their stops have come to meanwhile. What was reached, and is no longer, is not found any more. */
  async function bringBack(owner: Owner, missing: readonly Level[]): Promise<void> {
    const { symbol } = owner;
    const oldest = Math.min(...missing.map(({ armedAt }) => armedAt));
    const kept = 'orderId' in owner ? [] : (owner.entryMinute?.bars ?? []);
    const tape = {
      ...(await tapeSince(ports, symbol, oldest)),
      entryMinutes: new Map([[idOf(owner), kept]]),
    };
    const { levels, hits } = replayTape(missing, tape);
    const peaks = new Map([
      ...levels.map((level) => [level.member, level.kind === 'trailing' ? level.peak : null] as const),
      ...hits.map(({ member, peak }) => [member, peak] as const),
    ]);
    const raised = missing.map((level) =>
      level.kind === 'trailing' ? { ...level, peak: peaks.get(level.member) ?? level.peak } : level,
    );
    const armed = await index.arm(symbol, raised, [], clock.now());
    if (armed.outcome === 'armed' && armed.wake) {
      await outbox.trigger({ kind: 'wake', symbol, at: clock.now() });
    }
  }

  async function auditSymbol(symbol: string): Promise<{ strays: number; missing: number }> {
    const found = { strays: 0, missing: 0 };
    if (!(await index.isBuilt(symbol))) return found;
    const startedAt = clock.now();
    const byOwner = Map.groupBy(await index.levels(symbol), ({ member }) => parseMember(member).ownerId);
    const [positionIds, orderIds] = await Promise.all([
      ledger.livePositionIds(symbol),
      ledger.liveOrderIds(symbol),
    ]);
    const ids = [...new Set([...byOwner.keys(), ...positionIds, ...orderIds])];
    const unreadable = (ownerId: string, error: unknown): void =>
      log.warn('LEVELS_NOT_AUDITED', { ownerId, error: String(error) });
    for (let from = 0; from < ids.length; from += AT_ONCE) {
      const some = ids.slice(from, from + AT_ONCE);
      const [positions, orders] = await Promise.all([
        readApart(some, ledger.positions.bind(ledger), unreadable),
        readApart(some, ledger.orders.bind(ledger), unreadable),
      ]);
      const owners: readonly Owner[] = [...positions, ...orders];
      for (const owner of owners.filter(({ updatedAt }) => updatedAt <= startedAt - QUIET_MS)) {
        try {
          const { strays, missing } = await compare(owner, byOwner.get(idOf(owner)) ?? []);
          found.strays += strays;
          found.missing += missing;
        } catch (error) {
          unreadable(idOf(owner), error);
        }
      }
    }
    return found;
  }

  /** Looks at the symbols whose time has come, of those with something live. */
  return async (): Promise<Audited> => {
    const deadline = clock.now() + BUDGET_MS;
    let audited: Audited = { symbols: 0, strays: 0, missing: 0 };
    for (const symbol of await ledger.liveSymbols()) {
      if (clock.now() > deadline) break;
      if (!(await leases.once(`audit:{${symbol}}`, EVERY_MS))) continue;
      const { strays, missing } = await auditSymbol(symbol);
      audited = {
        symbols: audited.symbols + 1,
        strays: audited.strays + strays,
        missing: audited.missing + missing,
      };
    }
    return audited;
  };
}

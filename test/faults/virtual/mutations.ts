/**
 * Each protection of the money paths, and how it is switched off: a change of the source as the bundler reads it, so
 * that the product has no switch. The harness has to find each of them.
 */
import type { Patch } from './bundle.ts';

export interface Mutation {
  readonly name: string;
  /** What is switched off, for a reader. */
  readonly what: string;
  readonly patches: readonly Patch[];
}

const one = (name: string, what: string, file: string, find: string, replace: string): Mutation => ({
  name,
  what,
  patches: [{ file, find, replace }],
});

const SEND = 'shared/usecases/send-order.ts';

/** The comparison is another net under the same promises: off together with what it would make good. */
const COMPARES_NOTHING: readonly Patch[] = [
  {
    file: 'shared/domain/reconcile/reconcile.ts',
    find: 'const corrections: Correction[] = [...reversed, ...orders.corrections, ...booked];',
    replace: 'const corrections: Correction[] = [];',
  },
  {
    file: 'shared/domain/reconcile/reconcile.ts',
    find: '  return {\n    corrections,\n    differences,',
    replace: '  return {\n    corrections,\n    differences: differences.slice(0, 0),',
  },
];

export const MUTATIONS: readonly Mutation[] = [
  one(
    'claim',
    'whoever loses the race for the claim sends as well',
    SEND,
    "return current?.status === 'submitted' && current.send?.token === send.token ? current : null;",
    "return current?.status === 'submitted' ? { ...current, send } : stored(change);",
  ),
  one(
    'token',
    'a claim that is found is taken for the own one, whoever made it',
    SEND,
    "current?.status === 'submitted' && current.send?.token === send.token ? current : null",
    "current?.status === 'submitted' ? current : null",
  ),
  one(
    'pause',
    "an entry's claim does not ask whether its wallet is paused",
    SEND,
    'isAsked(order) ? { walletId, pauses } : null',
    'isAsked(order) ? null : null',
  ),
  one(
    'fence',
    'absence is believed at once, however young the attempt',
    'shared/domain/due.ts',
    'export const fenceMs = (send: SendAttempt): number => send.recvWindowMs + FENCE_MARGIN_MS;',
    'export const fenceMs = (send: SendAttempt): number => send.recvWindowMs * 0;',
  ),
  one(
    'second-look',
    'absence is believed without a second look',
    'shared/usecases/resolve-order.ts',
    "return first.kind === 'absent' && isProof(send, first.venueNow) ? venue.secondLook(sought) : first;",
    'return first;',
  ),
  one(
    'given-timestamp',
    'a placement is signed with the time at which it leaves, not with that of its claim',
    'shared/venues/binance/requests.ts',
    'timestamp: signedAt ?? (await this.ports.clock.venueTime())',
    'timestamp: await this.ports.clock.venueTime()',
  ),
  one(
    'fill-key',
    'a fill is booked without the condition that it must not exist yet',
    'test/support/fakes/memory-ledger.ts',
    'if (known.length > 0) return',
    'if (known.length < 0) return',
  ),
  one(
    'transaction',
    'order and position are written one after the other',
    'shared/usecases/change-order.ts',
    `    const result = await ledger.commit({
      orders: [{ before, after: own }, ...others],
      positions: followed === null ? [] : [{ before: followed.before, after: followed.after }],
      fills: fills.map((fill) => ({ orderId, fill })),
      actions: followed === null ? [] : actionsOf(followed.before, followed.after, now, followed.heir),
      keys: decided.call == null ? [] : [decided.call],
    });`,
    `    let result = await ledger.commit({
      orders: [{ before, after: own }, ...others],
      fills: fills.map((fill) => ({ orderId, fill })),
      keys: decided.call == null ? [] : [decided.call],
    });
    if (result.outcome === 'done' && followed !== null) {
      result = await ledger.commit({
        positions: [{ before: followed.before, after: followed.after }],
        actions: actionsOf(followed.before, followed.after, now, followed.heir),
      });
    }`,
  ),
  one(
    'due-index',
    'nothing is noted as owed: only messages carry work',
    'shared/domain/due.ts',
    'const due: Order | Position = { ...item, dueAt };',
    'const due: Order | Position = { ...item, dueAt: dueAt === null ? null : null };',
  ),
  one(
    'visible-at',
    'a hit whose taker died never comes back',
    'shared/usecases/evaluate-hits.ts',
    'hideMs: 2_000,',
    'hideMs: 2_000_000_000,',
  ),
  {
    name: 'derived-exit-id',
    what: 'the id of an exit is a new one each time, and no call is remembered by its key',
    patches: [
      {
        file: 'shared/usecases/derive-ids.ts',
        find: "  return 'key' in source\n    ? derive('exit-key', source.positionId, source.key)",
        replace:
          "  return 'key' in source\n    ? derive('exit-key', source.positionId, source.key, String(Math.random()))",
      },
      {
        file: 'shared/usecases/close-position.ts',
        find: 'const record = callRecord(call, now, [orderId]);',
        replace: 'const record = null;',
      },
    ],
  },
  one(
    'flatten',
    "a second cause takes the first one's claim",
    'shared/domain/exits.ts',
    "  if (p.flatten !== null) return err({ code: 'already_closing', facts: p.flatten });\n  return ok({",
    '  return ok({',
  ),
  one(
    'first-right',
    'what live exits hold is sold once more',
    'shared/domain/positions.ts',
    'maxOf(p.quantity.minus(sum(p.liveExits.map((e) => e.reserved))), ZERO);',
    'maxOf(p.quantity.minus(sum(p.liveExits.map(() => ZERO))), ZERO);',
  ),
  one(
    'resident',
    'a part exit does not wait until the resident order that holds its coins has given way',
    'shared/domain/exits.ts',
    'const waits = claim.quantity.greaterThan(freeQuantity(p));',
    'const waits = claim.quantity.isNegative();',
  ),
  {
    name: 'settled',
    what: 'a reservation is released when its order is final, though trades are missing, and no comparison asks for them',
    patches: [
      {
        file: 'shared/domain/orders.ts',
        find: 'isFinal(order.status) && order.filledQuantity.greaterThanOrEqualTo(order.venueQuantity);',
        replace: 'isFinal(order.status);',
      },
      {
        file: 'shared/domain/reconcile/compare-orders.ts',
        find: "!== true) asks.set(orderId, 'missing_trades');",
        replace: "=== null) asks.set(orderId, 'missing_trades');",
      },
    ],
  },
  one(
    'risk',
    'what positions cost is not counted with their writes: limits are measured against entries alone',
    'shared/domain/risk/use.ts',
    'for (const change of positions) add(change, sumsOfPosition, resultOf(change.before, change.after));',
    'for (const change of positions.slice(0, 0)) add(change, sumsOfPosition);',
  ),
  {
    name: 'external-rule',
    what: 'missing coins are booked as sold elsewhere at first sight, whatever an order may explain, and never put back',
    patches: [
      {
        file: 'shared/domain/reconcile/reconcile.ts',
        find: "suspect.kind === 'shortfall' && isConfirmed(suspect) && !isOpen(suspect.asset)",
        replace: "suspect.kind === 'shortfall' && (isConfirmed(suspect) || !isOpen(suspect.asset) || true)",
      },
      {
        file: 'shared/domain/reconcile/reconcile.ts',
        find: 'const reversed = reversals(ledger, venue, state);',
        replace: 'const reversed = reversals(ledger, venue, state).slice(0, 0);',
      },
    ],
  },
  {
    name: 'confirmation',
    what: 'a stop with a delay sells at the end of its time, whatever came back meanwhile',
    patches: [
      {
        file: 'shared/domain/confirmation.ts',
        find: 'return bars.find(cameBack) ?? null;',
        replace: 'return bars.slice(0, 0).find(cameBack) ?? null;',
      },
      {
        file: 'shared/usecases/decide-hit.ts',
        find: "if (ending.end === 'return') return cameBack(p, window, hit, context) ?? drop(WINDOW_OVER);",
        replace: "if (ending.end === 'return') return drop('stale');",
      },
    ],
  },
  one(
    'confirmation-due',
    'nobody looks at a stop that waits once its time is over',
    'shared/usecases/confirm-stop.ts',
    '=> endOf(window) <= now);',
    '=> endOf(window) + 86_400_000 <= now);',
  ),
  one(
    'unprotected-count',
    'a stretch without protection is forgotten when it is over',
    'shared/domain/unprotected.ts',
    'ms: ms + (hasBegun ? now - from : 0)',
    'ms: ms + (hasBegun ? now - now : 0)',
  ),
  one(
    'time-stop',
    'no time stop is ever over',
    'shared/domain/time-stop.ts',
    'return at !== null && at <= now;',
    'return at !== null && at + 86_400_000 <= now;',
  ),
  one(
    'losses',
    'limits of loss are looked at, and nobody acts on one that is broken',
    'shared/usecases/check-losses.ts',
    'if (breaches.length > 0) await act(',
    'if (breaches.length > 1_000) await act(',
  ),
  one(
    'losses-flatten',
    'a broken limit of loss pauses and never closes',
    'shared/usecases/check-losses.ts',
    "const flatten = limits.onBreach === 'flatten';",
    'const flatten = limits.onBreach !== limits.onBreach;',
  ),
  one(
    'liquidation',
    'the liquidation of a position on margin is no level',
    'shared/domain/levels.ts',
    'if (liquidation !== null) levels.push(',
    'if (liquidation === undefined) levels.push(',
  ),
  one(
    'addition',
    'a close does not know of the orders that add to its position',
    'shared/domain/entry-ids.ts',
    'liveFurtherIds: [...p.liveFurtherIds, order.orderId],',
    'liveFurtherIds: p.liveFurtherIds,',
  ),
  one(
    'stop-limit',
    'the time of an exit that rests at a limit is never over',
    'shared/domain/stop-limit.ts',
    'limit !== null && now < limit.until && isLimitExit(order)',
    'limit !== null && isLimitExit(order)',
  ),
  {
    name: 'deletion',
    what: 'a wallet is deleted whatever is live in it',
    patches: [
      {
        file: 'shared/usecases/delete-wallet.ts',
        find: 'if (Object.keys(before).length > 0) {',
        replace: 'if (Object.keys(before).length > 1_000) {',
      },
      {
        file: 'shared/usecases/delete-wallet.ts',
        find: 'if (Object.keys(after).length > 0) {',
        replace: 'if (Object.keys(after).length > 1_000) {',
      },
    ],
  },
  {
    name: 'reconcile',
    what: 'comparing ledger and exchange finds nothing',
    patches: COMPARES_NOTHING,
  },
];

/** @throws for a name that there is not */
export function mutationNamed(name: string): Mutation {
  const found = MUTATIONS.find((mutation) => mutation.name === name);
  if (found !== undefined) return found;
  throw new Error(`no mutation ${name}; there are ${MUTATIONS.map((m) => m.name).join(', ')}`);
}

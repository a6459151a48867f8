/** A replay from its plan to its document: one pass over the ticks, for the plan and its counterfactual alike. */
import { createHash } from 'node:crypto';
import { applyChanges, type Changes } from './changes.ts';
import { type Check, checkDesk } from './checks.ts';
import { type Decision, Desk } from './desk.ts';
import type { Plan } from './plan.ts';
import { type PositionResult, positionResult, type Total, totals } from './results.ts';
import type { TickSource } from './ticks.ts';

export interface Scenario {
  readonly decisions: readonly Decision[];
  readonly positions: readonly PositionResult[];
  /** How many positions each cause got out; those still open by their status. */
  readonly causes: Readonly<Record<string, number>>;
  readonly totals: readonly Total[];
  readonly checks: readonly Check[];
}

export interface ReplayDocument {
  readonly source: {
    readonly title: string;
    readonly ticks: number;
    readonly from: string | null;
    readonly to: string | null;
    readonly span_seconds: number;
    readonly malformed: number;
    readonly unknown_symbol: number;
  };
  readonly actual: Scenario;
  readonly counterfactual: (Scenario & { readonly with: string }) | null;
  /** SHA-256 of everything above: two runs over the same input have the same. */
  readonly digest: string;
}

/** The same positions with other protections. @throws OptionError for a change that belongs to none of them */
export function changedPlan(plan: Plan, changes: Changes): Plan {
  const requests = applyChanges(
    '--with',
    changes,
    plan.positions.map(({ request }) => request),
  );
  const positions = plan.positions.map((one, at) => ({ ...one, request: requests[at] ?? one.request }));
  return { ...plan, positions };
}

export async function runReplay(
  source: TickSource,
  plan: Plan,
  changes: Changes | null,
): Promise<ReplayDocument> {
  const actual = new Desk(plan);
  const other = changes === null ? null : new Desk(changedPlan(plan, changes));
  const desks = other === null ? [actual] : [actual, other];
  const { from, to, ...played } = await source.play((spec, tick) => {
    for (const desk of desks) desk.onTick(spec, tick);
  });
  const time = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());
  const { ticks, malformed, unknownSymbol: unknown_symbol } = played;
  const document = {
    source: {
      title: source.title,
      ticks,
      from: time(from),
      to: time(to),
      span_seconds: from === null || to === null ? 0 : (to - from) / 1000,
      malformed,
      unknown_symbol,
    },
    actual: scenarioOf(actual, source),
    counterfactual:
      other === null || changes === null ? null : { with: changes.text, ...scenarioOf(other, source) },
  };
  const digest = createHash('sha256').update(JSON.stringify(document)).digest('hex');
  return { ...document, digest };
}

function scenarioOf(desk: Desk, source: TickSource): Scenario {
  const positions = desk.positions.map((held) => positionResult(held, desk, (id) => source.nameOf(id)));
  const causes: Record<string, number> = {};
  for (const { exit_cause: cause, status } of positions) {
    const name = status === 'closed' || status === 'liquidated' ? (cause ?? status) : status;
    causes[name] = (causes[name] ?? 0) + 1;
  }
  return {
    decisions: desk.decisions,
    positions,
    causes,
    totals: totals(positions),
    checks: checkDesk(desk),
  };
}

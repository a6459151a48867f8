/** What is decided on a hit: the words of decide-hit.ts and decide-window.ts. */
import type { PlanAlarm } from '../domain/exits.ts';
import type { SymbolSpec } from '../domain/symbols.ts';
import type { Bar } from '../domain/triggers/types.ts';
import type { Order, Position, PositionAction } from '../domain/types.ts';
import type { Change } from '../ports/ledger.ts';
import type { CachedPrice } from '../ports/trigger-index.ts';

/** `why` of a price that was back after its window's time, and may have been before: whoever ends it by that decides. */
export const WINDOW_OVER = 'window_over';

export type HitDecision =
  /** Nothing to do any more: closing, closed, changed, claimed already. */
  | { readonly kind: 'drop'; readonly why: string; readonly action: PositionAction }
  | {
      readonly kind: 'write';
      readonly what:
        | 'exit'
        | 'break_even'
        | 'refused'
        | 'skipped'
        | 'resident_first'
        | 'confirming'
        | 'came_back';
      readonly position: Position;
      readonly orders: readonly Change<Order>[];
      readonly action: PositionAction;
      readonly alarms: readonly PlanAlarm[];
    };

export interface HitContext {
  readonly spec: SymbolSpec;
  readonly now: number;
  /** The price shown now; asked only for hits that do not stand by themselves. */
  readonly price: CachedPrice | null;
  /** 1 s bars since the hit's window began, oldest first; asked only for a price that came back after its time. */
  readonly bars?: readonly Bar[];
  /** The position's live entry and live exits. */
  readonly live: readonly Order[];
}

/** The order form's fields as signals: typing in one draws only what reads it. */
import { type Signal, signal } from '@preact/signals';
import type { OrderDraft, Rung } from './order-form.ts';

type Fields = Omit<OrderDraft, 'rungs' | 'break_even' | 'position_side'>;

export type Draft = { readonly [K in keyof Fields]: Signal<string> } & {
  readonly rungs: Signal<readonly RungDraft[]>;
  readonly break_even: Signal<boolean>;
};

export interface RungDraft {
  readonly id: number;
  readonly price: Signal<string>;
  readonly share: Signal<string>;
}

let rungs = 0;
export const newRung = (): RungDraft => ({ id: ++rungs, price: signal(''), share: signal('') });

const EMPTY: Readonly<Record<keyof Fields, string>> = {
  ...{ wallet_id: '', symbol: '', purpose: 'long', position_id: '' },
  ...{ type: 'market', amount_in: 'base', quantity: '' },
  ...{ limit_price: '', stop_price: '', stop_limit_price: '', trailing_delta: '' },
  ...{ time_in_force: 'GTC', leverage: '' },
  ...{ stop_loss: '', trailing: '', trailing_distance: '', trailing_activation: '' },
  ...{ break_even_profit: '1', break_even_offset: '' },
  ...{ trigger_price: '', resident: '' },
};

/** `given`: what the address of the form says of its fields. */
export function createDraft(given: Partial<Readonly<Record<string, string>>>): Draft {
  const fields = Object.entries(EMPTY).map(([name, text]) => [name, signal(given[name] ?? text)] as const);
  return {
    ...(Object.fromEntries(fields) as { readonly [K in keyof Fields]: Signal<string> }),
    rungs: signal([newRung()]),
    break_even: signal(false),
  };
}

/** As it stands, for the form's rules. */
export function readDraft(draft: Draft, position_side: OrderDraft['position_side']): OrderDraft {
  const { rungs: rows, break_even, ...fields } = draft;
  const texts = Object.fromEntries(Object.entries(fields).map(([name, one]) => [name, one.value]));
  return {
    ...(texts as unknown as Fields),
    position_side,
    rungs: rows.value.map(({ price, share }): Rung => ({ price: price.value, share: share.value })),
    break_even: break_even.value,
  };
}

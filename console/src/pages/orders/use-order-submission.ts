/** Sends the form's order, once: forms/submission.ts decides, this does it and remembers it over a reload. */
import { type ReadonlySignal, useSignal } from '@preact/signals';
import type { ApiClient } from '../../../../shared/client/client.ts';
import {
  again,
  begin,
  editing,
  failed,
  type Intent,
  isAbsent,
  type Submission,
  unsettled,
  withoutProblem,
} from '../../forms/submission.ts';
import { problemOf } from '../../live/context.ts';
import type { Order } from '../../live/store.ts';
import { keepIntent, keptIntent } from './kept-intent.ts';
import type { OrderBody } from './order-form.ts';

export interface OrderSubmission {
  readonly state: ReadonlySignal<Submission<OrderBody>>;
  /** Looking found none (yet): what is on its way may still arrive. */
  readonly lookedAt: ReadonlySignal<number | null>;
  place(body: OrderBody): Promise<void>;
  /** The same order under the same key. */
  repeat(): Promise<void>;
  /** Asks whether the order is there. */
  look(): Promise<void>;
  /** Of one that is not there, and will not come: the form begins anew. */
  giveUp(): void;
  /** Takes what was refused away from the fields. */
  forget(): void;
}

const keptState = (): Submission<OrderBody> => {
  const intent = keptIntent();
  return intent === null ? editing : unsettled(intent);
};

export function useOrderSubmission(api: ApiClient, onPlaced: (order: Order) => void): OrderSubmission {
  const state = useSignal<Submission<OrderBody>>(keptState());
  const lookedAt = useSignal<number | null>(null);

  const placed = (order: Order): void => {
    keepIntent(null);
    state.value = editing;
    onPlaced(order);
  };
  const send = async (intent: Intent<OrderBody>): Promise<void> => {
    state.value = { kind: 'sending', intent };
    lookedAt.value = null;
    keepIntent(intent);
    try {
      const body = { ...intent.body, client_order_id: intent.key };
      placed(await api.call('createOrder', { body, key: intent.key }));
    } catch (error) {
      const next = failed(intent, problemOf(error));
      if (next.kind === 'editing') keepIntent(null);
      state.value = next;
    }
  };

  return {
    state,
    lookedAt,
    place: async (body) => {
      const next = begin(state.peek(), body, {
        newKey: () => `console-${crypto.randomUUID()}`,
        now: Date.now(),
      });
      if (next !== null) await send(next.intent);
    },
    repeat: async () => {
      const next = again(state.peek(), Date.now());
      if (next !== null) await send(next.intent);
    },
    look: async () => {
      const now = state.peek();
      if (now.kind !== 'unknown') return;
      const { key, body } = now.intent;
      const askedAt = Date.now();
      try {
        const query = { wallet_id: body.wallet_id, client_order_id: key };
        const { items } = await api.call('listOrders', { query });
        const [found] = items;
        if (found === undefined) lookedAt.value = askedAt;
        else placed(found);
      } catch (error) {
        state.value = { ...now, problem: problemOf(error) };
      }
    },
    giveUp: () => {
      const now = state.peek();
      if (now.kind !== 'unknown' || !isAbsent(now.intent, lookedAt.peek())) return;
      keepIntent(null);
      state.value = editing;
    },
    forget: () => {
      state.value = withoutProblem(state.peek());
    },
  };
}

/** What bots meant: each is carried out once, however often it was asked for. */
import type { Order } from '../../../shared/domain/types.ts';
import type { Answer } from './clients.ts';

export interface Intent {
  readonly what: 'entry' | 'part' | 'close' | 'cancel' | 'protection' | 'signal' | 'amend' | 'compare';
  readonly key: string;
  /** Ids of the orders that the answers named. */
  readonly orderIds: Set<string>;
  ok: number;
  refused: number;
  unanswered: number;
}

export class Intents {
  readonly all: Intent[] = [];

  begin(what: Intent['what'], key: string): Intent {
    const intent: Intent = { what, key, orderIds: new Set(), ok: 0, refused: 0, unanswered: 0 };
    this.all.push(intent);
    return intent;
  }
}

export function noteAnswers<T>(
  intent: Intent,
  answers: readonly Answer<T>[],
  orderOf: (value: T) => Pick<Order, 'orderId'> | null,
): void {
  for (const answer of answers) {
    if (answer.kind === 'ok') {
      intent.ok += 1;
      const order = orderOf(answer.value);
      if (order !== null) intent.orderIds.add(order.orderId);
    } else if (answer.kind === 'refused') intent.refused += 1;
    else intent.unanswered += 1;
  }
}

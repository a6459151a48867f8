/**
 * The order that is on its way, in the tab's own storage: after a reload, or a page that was left, it is still known that
 * its outcome is not. It holds what was typed into the form, no key of a wallet.
 */
import type { Intent } from '../../forms/submission.ts';
import type { OrderBody } from './order-form.ts';

const KEPT_AS = 'moniqo.order';

export function keepIntent(intent: Intent<OrderBody> | null): void {
  if (intent === null) sessionStorage.removeItem(KEPT_AS);
  else sessionStorage.setItem(KEPT_AS, JSON.stringify(intent));
}

export function keptIntent(): Intent<OrderBody> | null {
  const text = sessionStorage.getItem(KEPT_AS);
  return text === null ? null : (JSON.parse(text) as Intent<OrderBody>);
}

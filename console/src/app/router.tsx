/** Where the page is: the address through the history API, links that do not load anew. */
import { computed, signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';

const addressNow = (): string => `${location.pathname}${location.search}`;
const address = signal(addressNow());

/** The path without its query. */
export const path = computed(() => address.value.split('?')[0] ?? '/');
/** The query, for filters that a link can hold. */
export const search = computed(() => new URLSearchParams(address.value.split('?')[1] ?? ''));

/** The address is another one, by other hands than `navigate`. */
export function arrived(): void {
  address.value = addressNow();
}
window.addEventListener('popstate', arrived);

/** Goes to a path of this page. `replace`: without a new entry in the history (filters). */
export function navigate(to: string, { replace = false }: { readonly replace?: boolean } = {}): void {
  if (replace) history.replaceState(null, '', to);
  else history.pushState(null, '', to);
  const isOther = to.split('?')[0] !== path.peek();
  address.value = addressNow();
  if (isOther && !replace) window.scrollTo(0, 0);
}

export interface LinkProps {
  /** A path of this page. */
  readonly to: string;
  readonly class?: string | undefined;
  readonly title?: string | undefined;
  readonly 'aria-current'?: 'page' | undefined;
  readonly 'aria-label'?: string | undefined;
  readonly children: ComponentChildren;
}

/** A link within the page. With a modifier key it opens as links do. */
export function Link({ to, children, ...rest }: LinkProps) {
  const go = (event: MouseEvent): void => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(to);
  };
  return (
    <a href={to} onClick={go} {...rest}>
      {children}
    </a>
  );
}

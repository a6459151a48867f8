/**
 * The pages of the console, one line each: its path, its name in the navigation, and its file, loaded when it is first
 * opened. How one is added: docs/console.md.
 */
import type { ComponentType } from 'preact';
import { matchPath, type PathParams } from './paths.ts';

export interface PageProps {
  /** What the path names: `position_id` of `/positions/:position_id`. */
  readonly params: PathParams;
}

export interface Page {
  readonly path: string;
  readonly title: string;
  /** In the navigation; a page without it is reached by links. */
  readonly nav?: true;
  readonly load: () => Promise<{ readonly default: ComponentType<PageProps> }>;
}

export const PAGES: readonly Page[] = [
  { path: '/', title: 'Overview', nav: true, load: () => import('../pages/overview.tsx') },
  { path: '/orders', title: 'Orders', nav: true, load: () => import('../pages/orders.tsx') },
  { path: '/wallets', title: 'Wallets & risk', nav: true, load: () => import('../pages/wallets.tsx') },
  { path: '/health', title: 'Health', nav: true, load: () => import('../pages/health.tsx') },
  { path: '/positions/:position_id', title: 'Position', load: () => import('../pages/position.tsx') },
];

/** The page of a path, with what the path names; null: there is none. */
export function pageOf(path: string): { readonly page: Page; readonly params: PathParams } | null {
  for (const page of PAGES) {
    const params = matchPath(page.path, path);
    if (params !== null) return { page, params };
  }
  return null;
}

/** Addresses of single things: write them nowhere else. */
export const positionPath = (positionId: string): string => `/positions/${encodeURIComponent(positionId)}`;
export const orderPath = (orderId: string): string => `/orders?order=${encodeURIComponent(orderId)}`;
/** The form of a new order; `given`: what it begins with (`wallet_id`, `symbol`, `purpose`, `position_id`). */
export const newOrderPath = (given: Readonly<Record<string, string>> = {}): string =>
  `/orders?${new URLSearchParams({ new: '1', ...given })}`;
export const walletPath = (walletId: string): string => `/wallets?wallet=${encodeURIComponent(walletId)}`;

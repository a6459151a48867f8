/**
 * The things this system keeps: orders, fills, positions, wallets (design sections 1, 5, 7, 8, 9).
 *
 * Facts only. What follows from entry, fills and prices (value, unrealized P&L, water marks, risk level) is
 * derived when read. Times are epoch milliseconds. Prices and amounts are `Decimal`.
 */
export * from './environments.ts';
export type { Amendment, OrderAmounts } from './order-amounts.ts';
export * from './order-facts.ts';
export * from './position-facts.ts';
export type { Protection } from './protection-facts.ts';
export * from './resident-facts.ts';
export * from './wallet-facts.ts';

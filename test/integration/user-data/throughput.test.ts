/** The load of the benchmark, smaller: nothing lost, every order's reports in their order. */
import { expect, it } from 'vitest';
import { runUserData } from '../../bench/user-data-run.ts';

it('brings the reports of many wallets on one connection into the queue, none lost, each order in its order', async () => {
  const figures = await runUserData({ wallets: 40, reports: 1_200, perSecond: null });
  expect(figures).toMatchObject({ connections: 1, sent: 1_200, arrived: 1_200, disordered: 0 });
});

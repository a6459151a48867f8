/** What the product itself says of ledger and exchange at the end: each account is in agreement (design section 4.5). */
import { setTimeout as sleep } from 'node:timers/promises';
import type { StatementView } from '../../../shared/usecases/views/reconcile-view.ts';
import type { StubbornClient } from './client.ts';
import type { Tally } from './tally.ts';
import type { World } from './world.ts';

/** What a first look suspects, a second one confirms or explains, a minute later. */
const AGREE_WITHIN_MS = 150_000;
/** Each comparison costs query weight, of which there is a minute's share. */
const ASK_EACH_MS = 12_000;

interface Answer {
  readonly done: boolean;
  readonly statement: StatementView | null;
}

/** Asks for a comparison of every account until it is in agreement. Answers how long the slowest took. */
export async function checkAgreement(
  { wallets }: World,
  client: StubbornClient,
  tally: Tally,
): Promise<number> {
  const startedAt = Date.now();
  const accounts = wallets.filter(({ uid }) => uid !== null);
  await Promise.all(
    accounts.map(async ({ walletId, name }) => {
      for (;;) {
        const { done, statement } = await client.ask<Answer>(`/wallets/${walletId}/reconcile`, {});
        if (done && statement?.in_agreement === true) return;
        if (Date.now() - startedAt > AGREE_WITHIN_MS) {
          const said = JSON.stringify(
            statement && { ...statement, assets: undefined, foreign_trades: undefined },
          );
          tally.violation(`${name}: not in agreement within ${AGREE_WITHIN_MS / 1000} s: ${said}`);
          return;
        }
        await sleep(ASK_EACH_MS);
      }
    }),
  );
  return Date.now() - startedAt;
}

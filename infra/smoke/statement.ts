/** The comparison of ledger and venue after the way of a position: it has to agree, and to have looked. */
import type { ApiClient } from '../../shared/client/client.ts';
import type { AnswerTo } from '../../shared/client/contract.ts';
import { SmokeFailure } from './report.ts';
import { until, type Waiting } from './wait.ts';

type Statement = NonNullable<AnswerTo<'getReconciliation'>['statement']>;

export interface Traded {
  readonly walletId: string;
  readonly isDemo: boolean;
  /** When it began, as the API says. */
  readonly since: string;
  /** How many trades it made. */
  readonly trades: number;
}

const WAIT_SECONDS = 10;

/**
 * Asks for comparisons until one that began after this call agrees. Both clocks count: the API's (`done`) and that of this
 * machine. @throws SmokeFailure for a difference, for none that agrees in time, for trades that nobody compared
 */
export async function checkStatement(
  client: ApiClient,
  { walletId, isDemo, since, trades }: Traded,
  withinMs: number,
  waiting: Waiting,
): Promise<string> {
  const params = { wallet_id: walletId };
  const begun = Date.now();
  const asked = await until(
    ({ statement }) =>
      `the comparison with the venue to agree; the last one: ${statement?.status ?? 'none'}, of ${statement?.started_at ?? 'never'}`,
    withinMs,
    async () => {
      const answer = await client.call('reconcileWallet', { params, waitSeconds: WAIT_SECONDS, body: {} });
      if (isSince(answer.statement, begun)) refuseDifferences(answer.statement);
      return answer;
    },
    ({ done, statement }) => done && isSince(statement, begun) && statement.in_agreement,
    waiting,
  );
  const orders = asked.statement?.counts.orders ?? 0;
  if (isDemo) return `in agreement: live orders (${orders}) and holdings; a demo venue has no list of trades`;
  const compared = await comparedSince(client, walletId, Date.parse(since));
  if (compared < trades) {
    throw new SmokeFailure(`${compared} trades were compared, ${trades} were made`);
  }
  return `in agreement: ${orders} orders, ${compared} trades compared`;
}

const isSince = (statement: Statement | null, since: number): statement is Statement =>
  statement !== null && Date.parse(statement.started_at) >= since;

function refuseDifferences({ counts, differences }: Statement): void {
  if (counts.differences === 0) return;
  throw new SmokeFailure(`${counts.differences} differences, the first: ${JSON.stringify(differences[0])}`);
}

/** A trade is read once: by the pass just now, or by one that came before it. */
async function comparedSince(client: ApiClient, walletId: string, since: number): Promise<number> {
  let compared = 0;
  for await (const { started_at: at, counts } of client.items('listReconciliations', {
    params: { wallet_id: walletId },
  })) {
    if (Date.parse(at) < since) break;
    compared += counts.trades;
  }
  return compared;
}

/** Whether ledger and venue agree, wallet by wallet. */
import { walletPath } from '../../app/pages.ts';
import { Link } from '../../app/router.tsx';
import { useLive, useQuery } from '../../live/context.ts';
import type { Wallet } from '../../live/rows.ts';
import { Panel } from '../../ui/panel.tsx';
import { Empty, ProblemNote } from '../../ui/states.tsx';
import { StatementBadge, StatementView } from '../wallets/statement.tsx';

const AGAIN_MS = 60_000;

export function Agreements() {
  const { wallets } = useLive();
  const rows = wallets.ids.value.flatMap((id) => wallets.row(id).value ?? []);
  return (
    <Panel title="Ledger and venue, by wallet">
      {rows.length === 0 && <Empty title="There is no wallet yet." />}
      {rows.map((wallet) => (
        <Agreement key={wallet.wallet_id} wallet={wallet} />
      ))}
    </Panel>
  );
}

function Agreement({ wallet }: { readonly wallet: Wallet }) {
  const { api } = useLive();
  const { wallet_id, name } = wallet;
  const last = useQuery(
    `agreement ${wallet_id}`,
    () => api.call('getReconciliation', { params: { wallet_id } }),
    { everyMs: AGAIN_MS },
  );
  const statement = last.value.value?.statement ?? null;
  const problem = last.problem.value;
  return (
    <details class="health-more" open={statement?.status === 'differences'}>
      <summary>
        <strong>{name}</strong> {last.value.value !== null && <StatementBadge statement={statement} />}
      </summary>
      <p class="health-to">
        <Link to={walletPath(wallet_id)}>The wallet’s page</Link>
      </p>
      {problem !== null && <ProblemNote problem={problem} retry={last.reload} />}
      {last.value.value !== null && <StatementView statement={statement} />}
    </details>
  );
}

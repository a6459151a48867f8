/** One wallet: its state, what it holds, what it may, how ledger and venue agree, what was done. */
import { useSignal } from '@preact/signals';
import { newOrderPath } from '../../app/pages.ts';
import { Link, navigate } from '../../app/router.tsx';
import { useAction, useLive, useQuery } from '../../live/context.ts';
import type { Wallet } from '../../live/store.ts';
import { wordsOf } from '../../ui/badge.tsx';
import { Confirm } from '../../ui/dialog.tsx';
import { Fact, Facts, Panel } from '../../ui/panel.tsx';
import { Empty, Loaded, Loading, ProblemNote } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import { toast } from '../../ui/toast.tsx';
import { WalletState } from '../overview/wallets.tsx';
import { Activity } from './activity.tsx';
import { NewKeys } from './add-wallet.tsx';
import { BalancesPanel } from './balances.tsx';
import { LimitsPanel } from './limits-panel.tsx';
import { PauseButtons } from './pause.tsx';
import { StatementBadge, StatementView } from './statement.tsx';

const AGAIN_MS = 10_000;

export function WalletDetail({ walletId }: { readonly walletId: string }) {
  const { wallets, isLoading } = useLive();
  const wallet = wallets.row(walletId).value;
  return (
    <>
      <p>
        <Link to="/wallets">← All wallets</Link>
      </p>
      {wallet !== null ? (
        <Found wallet={wallet} />
      ) : isLoading.value ? (
        <Loading />
      ) : (
        <Empty title="There is no such wallet." />
      )}
    </>
  );
}

function Found({ wallet }: { readonly wallet: Wallet }) {
  const live = useLive();
  const { wallet_id, name } = wallet;
  const params = { wallet_id };
  const limits = useQuery(`limits ${wallet_id}`, () => live.api.call('getLimits', { params }), {
    everyMs: AGAIN_MS,
    after: ({ type }) => type === 'order' || type === 'position',
  });
  const isReal = wallet.environment !== 'demo';
  return (
    <>
      <div class="row wallets-head">
        <h1>{name}</h1>
        <span class="muted">{wordsOf(wallet.environment)}</span>
        <WalletState wallet={wallet} />
        <PauseButtons wallet={wallet} onDone={live.reload} />
        <Link to={newOrderPath({ wallet_id })} class="button">
          New order
        </Link>
      </div>
      {wallet.paused && (
        <div class="note note-warn">
          <p>
            <strong>Paused: no new entries.</strong> {wallet.pause_reason ?? 'No reason was given.'}{' '}
            <Time at={wallet.paused_at} />
          </p>
          {wallet.stopping !== null && (
            <p>
              Still under way: {wallet.stopping.flatten ? 'closing all positions' : 'cancelling entries'},
              since <Time at={wallet.stopping.since} />
            </p>
          )}
        </div>
      )}
      {wallet.problem != null && (
        <div class="note note-bad" role="alert">
          <p>
            <strong>{wallet.problem.message}</strong> <code>{wallet.problem.code}</code>
          </p>
        </div>
      )}
      {(wallet.warnings ?? []).map((warning) => (
        <div key={warning} class="note note-warn">
          <p>{wordsOf(warning)}</p>
        </div>
      ))}
      <div class="columns">
        <LimitsPanel name={name} limits={limits} />
        <BalancesPanel walletId={wallet_id} />
      </div>
      <Settings wallet={wallet} isReal={isReal} />
      <Agreement wallet={wallet} />
      <Activity walletId={wallet_id} />
    </>
  );
}

function Settings({ wallet, isReal }: { readonly wallet: Wallet; readonly isReal: boolean }) {
  const live = useLive();
  const { wallet_id, name } = wallet;
  const open = useSignal<'keys' | 'delete' | null>(null);
  const close = (): void => {
    open.value = null;
  };
  const test = useAction(async () => {
    const tested = await live.api.call('testWallet', { params: { wallet_id }, body: {} });
    toast(tested.check_under_way === true ? 'The check is under way.' : 'The exchange accepts the keys.');
    live.reload();
  });
  const remove = useAction(async () => {
    await live.api.call('deleteWallet', { params: { wallet_id }, body: {} });
    toast(`The wallet ${name} is deleted.`);
    live.reload();
    navigate('/wallets', { replace: true });
  });
  const button = (text: string, what: 'keys' | 'delete', kind = '') => (
    <button
      type="button"
      class={`button ${kind}`}
      onClick={() => {
        open.value = what;
      }}
    >
      {text}
    </button>
  );
  return (
    <Panel
      title="Account"
      aside={
        isReal && (
          <>
            <button type="button" class="button" disabled={test.isBusy.value} onClick={() => void test.run()}>
              {test.isBusy.value ? 'Asking…' : 'Test the keys'}
            </button>
            {button('New keys', 'keys')}
            {button('Delete', 'delete', 'button-danger')}
          </>
        )
      }
    >
      {test.problem.value !== null && (
        <div class="panel-body">
          <ProblemNote problem={test.problem.value} />
        </div>
      )}
      <Facts>
        <Fact name="Where">{wordsOf(wallet.environment)}</Fact>
        {isReal ? (
          <>
            <Fact name="Key">
              {wallet.key_hint === undefined ? '–' : `… ${wallet.key_hint}`} {wallet.key_type ?? ''}
            </Fact>
            <Fact name="Keys tested">
              <Time at={wallet.checked_at ?? null} />
            </Fact>
          </>
        ) : (
          <>
            <Fact name="Fee rate">{wallet.fee_rate ?? '–'}</Fact>
            <Fact name="Most leverage">{wallet.max_leverage ?? 'nothing is lent'}</Fact>
          </>
        )}
        <Fact name="Resident protection">{wordsOf(wallet.resident)}</Fact>
        <Fact name="AI signals act">{wallet.signal_policy.act ? 'yes' : 'no'}</Fact>
        <Fact name="Made">
          <Time at={wallet.created_at} />
        </Fact>
        <Fact name="Id">{wallet_id}</Fact>
      </Facts>
      {open.value === 'keys' && <NewKeys walletId={wallet_id} name={name} onClose={close} />}
      {open.value === 'delete' && (
        <Confirm
          title={`Delete ${name}?`}
          action="Delete the wallet"
          isDangerous
          isBusy={remove.isBusy.value}
          problem={remove.problem.value}
          onConfirm={() => void remove.run()}
          onClose={close}
        >
          <p>Its keys are wiped. Orders and positions stay as history. Refused while something is live.</p>
        </Confirm>
      )}
    </Panel>
  );
}

function Agreement({ wallet }: { readonly wallet: Wallet }) {
  const { api } = useLive();
  const params = { wallet_id: wallet.wallet_id };
  const last = useQuery(`agreement ${wallet.wallet_id}`, () => api.call('getReconciliation', { params }), {
    // Soon: one that was asked for may be under way.
    everyMs: 5_000,
  });
  const compare = useAction(async () => {
    const { done } = await api.call('reconcileWallet', { params, body: {} });
    toast(done ? 'Ledger and venue were compared.' : 'The comparison is under way.');
    last.reload();
  });
  return (
    <Panel
      title="Ledger and venue"
      aside={
        <>
          {last.value.value !== null && <StatementBadge statement={last.value.value.statement} />}
          <button
            type="button"
            class="button"
            disabled={compare.isBusy.value}
            onClick={() => void compare.run()}
          >
            {compare.isBusy.value ? 'Comparing…' : 'Compare now'}
          </button>
        </>
      }
    >
      {compare.problem.value !== null && (
        <div class="panel-body">
          <ProblemNote problem={compare.problem.value} />
        </div>
      )}
      <Loaded of={last}>{({ statement }) => <StatementView statement={statement} />}</Loaded>
    </Panel>
  );
}

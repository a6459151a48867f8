/** Stops and resumes new entries of a wallet. Exits, protection and cancels go on, always. */
import { useSignal } from '@preact/signals';
import { useAction, useLive } from '../../live/context.ts';
import type { Wallet } from '../../live/store.ts';
import { Confirm } from '../../ui/dialog.tsx';
import { CheckField, TextField } from '../../ui/field.tsx';
import { toast } from '../../ui/toast.tsx';

export interface PauseProps {
  readonly wallet: Wallet;
  readonly onDone: () => void;
}

export function PauseButtons({ wallet, onDone }: PauseProps) {
  const open = useSignal<'pause' | 'resume' | null>(null);
  const close = (): void => {
    open.value = null;
  };
  const done = (): void => {
    close();
    onDone();
  };
  return (
    <>
      <button
        type="button"
        class="button button-danger"
        onClick={() => {
          open.value = 'pause';
        }}
      >
        {wallet.paused ? 'Stop more' : 'Pause'}
      </button>
      {wallet.paused && (
        <button
          type="button"
          class="button button-primary"
          onClick={() => {
            open.value = 'resume';
          }}
        >
          Resume
        </button>
      )}
      {open.value === 'pause' && <PauseDialog wallet={wallet} onDone={done} onClose={close} />}
      {open.value === 'resume' && <ResumeDialog wallet={wallet} onDone={done} onClose={close} />}
    </>
  );
}

interface DialogProps extends PauseProps {
  readonly onClose: () => void;
}

function PauseDialog({ wallet, onDone, onClose }: DialogProps) {
  const { api } = useLive();
  const reason = useSignal('');
  const cancels = useSignal(false);
  const flattens = useSignal(false);
  const pause = useAction(async () => {
    const text = reason.value.trim();
    const answer = await api.call('pauseWallet', {
      params: { wallet_id: wallet.wallet_id },
      body: {
        cancel_entries: cancels.value,
        flatten: flattens.value,
        ...(text !== '' && { reason: text }),
      },
    });
    const [cancelled, flattened] = [answer.cancelled.length, answer.flattened.length];
    toast(
      `${wallet.name} is paused: ${cancelled} orders being cancelled, ${flattened} positions being closed.`,
    );
    onDone();
  });
  return (
    <Confirm
      title={`Pause ${wallet.name}?`}
      action={flattens.value ? 'Pause and close everything' : 'Pause'}
      isDangerous
      isBusy={pause.isBusy.value}
      problem={pause.problem.value}
      onConfirm={() => void pause.run()}
      onClose={onClose}
    >
      <p>No new entries from now on. Exits, protection, closes and cancels go on.</p>
      <TextField label="Reason" name="reason" value={reason} problem={pause.problem.value} />
      <CheckField label="Cancel entries that rest" name="cancel_entries" value={cancels} />
      <CheckField
        label="Close all positions at the market"
        name="flatten"
        value={flattens}
        help="Entries that rest are cancelled then as well"
      />
    </Confirm>
  );
}

function ResumeDialog({ wallet, onDone, onClose }: DialogProps) {
  const { api } = useLive();
  const resume = useAction(async () => {
    await api.call('resumeWallet', { params: { wallet_id: wallet.wallet_id }, body: {} });
    toast(`${wallet.name} takes entries again.`);
    onDone();
  });
  return (
    <Confirm
      title={`Resume ${wallet.name}?`}
      action="Take entries again"
      isBusy={resume.isBusy.value}
      problem={resume.problem.value}
      onConfirm={() => void resume.run()}
      onClose={onClose}
    >
      <p>New entries are taken again. What was refused or cancelled meanwhile stays so.</p>
      {wallet.pause_reason !== null && <p>It is paused because: {wallet.pause_reason}</p>}
    </Confirm>
  );
}

/** A new wallet: a demo account of ours, or an account at Binance by its keys. */
import { useSignal } from '@preact/signals';
import { walletPath } from '../../app/pages.ts';
import { navigate } from '../../app/router.tsx';
import { useKeyring } from '../../forms/keyring.ts';
import { UnknownNote } from '../../forms/unknown-note.tsx';
import { useAction, useLive } from '../../live/context.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/field.tsx';
import { ProblemNote } from '../../ui/states.tsx';
import { toast } from '../../ui/toast.tsx';
import { SecretField, textIn } from './secret-field.tsx';
import { demoWalletOf, keysOf, type WalletBody } from './wallet-forms.ts';

interface AddProps {
  readonly onClose: () => void;
}

/** Sends the wallet and goes to it. */
function useCreate(onClose: () => void) {
  const live = useLive();
  const keys = useKeyring();
  const create = useAction(async (body: WalletBody) => {
    // What the request is told apart by has no secret in it.
    const sort = { name: body.name, type: body.type, ...(body.type === 'demo' && { body }) };
    const wallet = await keys.send(sort, (key) => live.api.call('createWallet', { body, key }));
    toast(`The wallet ${wallet.name} is there.`);
    live.reload();
    onClose();
    navigate(walletPath(wallet.wallet_id));
  });
  return { create, keys };
}

function Foot({ action, isBusy, onClose }: AddProps & { readonly action: string; readonly isBusy: boolean }) {
  return (
    <div class="row row-end">
      <button type="button" class="button" onClick={onClose}>
        Back
      </button>
      <button type="submit" class="button button-primary" disabled={isBusy}>
        {isBusy ? 'Working…' : action}
      </button>
    </div>
  );
}

export function AddDemoWallet({ onClose }: AddProps) {
  const name = useSignal('');
  const balances = useSignal('USDT 100000');
  const fee = useSignal('');
  const max_leverage = useSignal('');
  const wasTried = useSignal(false);
  const { create, keys } = useCreate(onClose);
  const problem = create.problem.value;
  const { body, errors } = demoWalletOf({
    name: name.value,
    balances: balances.value,
    fee: fee.value,
    max_leverage: max_leverage.value,
  });
  const error = (field: string): string | null => (wasTried.value ? (errors.get(field) ?? null) : null);
  return (
    <Dialog title="Add a demo wallet" onClose={onClose}>
      <form
        class="stack"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          wasTried.value = true;
          if (body !== null) void create.run(body);
        }}
      >
        <TextField label="Name" name="name" value={name} problem={problem} error={error('name')} />
        <TextField
          label="Starting balances"
          name="starting_balances"
          value={balances}
          problem={problem}
          error={error('starting_balances')}
          help="Assets with amounts, for instance USDT 100000, BTC 1.5"
        />
        <TextField
          label="Fee rate"
          name="fee_rate"
          kind="decimal"
          value={fee}
          placeholder="0.001"
          problem={problem}
          error={error('fee_rate')}
          help="A fraction: 0.001 is 0.1 %. It stays as it is."
        />
        <TextField
          label="Most leverage"
          name="max_leverage"
          kind="decimal"
          value={max_leverage}
          problem={problem}
          error={error('max_leverage')}
          help="From 1 to 20: lends, and lets positions be short. Empty: nothing is lent. It stays as it is."
        />
        {problem !== null && <ProblemNote problem={problem} />}
        <UnknownNote of={keys} />
        <Foot action="Add the wallet" isBusy={create.isBusy.value} onClose={onClose} />
      </form>
    </Dialog>
  );
}

export function AddExchangeWallet({ onClose }: AddProps) {
  const name = useSignal('');
  const { create, keys } = useCreate(onClose);
  const problem = create.problem.value;
  return (
    <Dialog title="Connect a Binance account" onClose={onClose}>
      <form
        class="stack"
        autoComplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          const form = event.currentTarget;
          const secrets = keysOf(textIn(form, 'api_key'), textIn(form, 'secret_key'));
          form.reset();
          void create.run({ type: 'binance', name: name.value.trim(), ...secrets });
        }}
      >
        <p class="muted">
          Make a key that may read and trade on Spot, and nothing else: one that may withdraw is refused. Keys
          are checked at once and sealed; no page and no answer shows them again.
        </p>
        <TextField label="Name" name="name" value={name} required problem={problem} />
        <KeyFields problem={problem} />
        {problem !== null && <ProblemNote problem={problem} />}
        <UnknownNote of={keys} />
        <Foot action="Connect the account" isBusy={create.isBusy.value} onClose={onClose} />
      </form>
    </Dialog>
  );
}

type Problem = ReturnType<typeof useCreate>['create']['problem']['value'];

export function KeyFields({ problem }: { readonly problem: Problem }) {
  return (
    <>
      <SecretField label="API key" name="api_key" problem={problem} help="Emptied when it is sent" />
      <SecretField
        label="Secret, or private key in PEM"
        name="secret_key"
        problem={problem}
        help="An HMAC secret, or a whole Ed25519 or RSA key with its BEGIN and END. Emptied when it is sent"
      />
    </>
  );
}

interface RotateProps extends AddProps {
  readonly walletId: string;
  readonly name: string;
}

/** New keys for a wallet; those in use stay until the new ones are found good. */
export function NewKeys({ walletId, name, onClose }: RotateProps) {
  const live = useLive();
  const rotate = useAction(async (body: ReturnType<typeof keysOf>) => {
    const wallet = await live.api.call('rotateKeys', { params: { wallet_id: walletId }, body });
    toast(wallet.pending_key_hint == null ? 'The new keys are in use.' : 'The new keys are being checked.');
    live.reload();
    onClose();
  });
  const problem = rotate.problem.value;
  return (
    <Dialog title={`New keys for ${name}`} onClose={onClose}>
      <form
        class="stack"
        autoComplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          const form = event.currentTarget;
          const keys = keysOf(textIn(form, 'api_key'), textIn(form, 'secret_key'));
          form.reset();
          void rotate.run(keys);
        }}
      >
        <p class="muted">
          They are taken over once the exchange has accepted them; until then the old ones are in use.
        </p>
        <KeyFields problem={problem} />
        {problem !== null && <ProblemNote problem={problem} />}
        <Foot action="Give the new keys" isBusy={rotate.isBusy.value} onClose={onClose} />
      </form>
    </Dialog>
  );
}

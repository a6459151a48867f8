/** Limits of a wallet against what is used of them, and setting them. */
import { type Signal, signal, useSignal } from '@preact/signals';
import { useState } from 'preact/hooks';
import { type Query, useAction, useLive } from '../../live/context.ts';
import { wordsOf } from '../../ui/badge.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { SelectField, TextField } from '../../ui/field.tsx';
import { Figure } from '../../ui/figure.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Loaded, ProblemNote } from '../../ui/states.tsx';
import { toast } from '../../ui/toast.tsx';
import { COUNTS, type LimitField, type LimitTexts, limitsBodyOf, textsOf, WORTHS } from './limits-form.ts';
import { barWidth, type LimitUse, limitUses, type WalletLimits } from './limits-use.ts';

export interface LimitsPanelProps {
  readonly name: string;
  readonly limits: Query<WalletLimits>;
}

export function LimitsPanel({ name, limits }: LimitsPanelProps) {
  const isOpen = useSignal(false);
  const found = limits.value.value;
  return (
    <Panel
      title="Limits against use"
      aside={
        <button
          type="button"
          class="button"
          disabled={found === null}
          onClick={() => {
            isOpen.value = true;
          }}
        >
          Set limits
        </button>
      }
    >
      <Loaded of={limits}>
        {(now) => (
          <>
            <ul class="wallets-limits">
              {limitUses(now).map((one) => (
                <li key={one.name}>
                  <Use of={one} />
                </li>
              ))}
            </ul>
            <p class="panel-body muted">
              Symbols: {now.limits.allowed_symbols?.join(', ') ?? 'all'}. After that many losses in a row
              entries wait {now.limits.cooldown_minutes} minutes. A broken limit of loss pauses the wallet
              {now.limits.on_breach === 'flatten' ? ' and closes all positions.' : '.'}
            </p>
          </>
        )}
      </Loaded>
      {isOpen.value && found !== null && (
        <LimitsDialog
          name={name}
          found={found}
          onSet={limits.reload}
          onClose={() => {
            isOpen.value = false;
          }}
        />
      )}
    </Panel>
  );
}

function Use({ of }: { readonly of: LimitUse }) {
  const { title, limit, used, percent, tone, unit, note } = of;
  const isSet = limit !== null;
  const inUnit = unit === '' ? {} : { unit };
  return (
    <>
      <div class="wallets-limit-text">
        <span>{title}</span>
        <span class={tone === 'bad' ? 'tone-down' : undefined}>
          {used !== null && <Figure value={used} {...inUnit} most={2} />}
          {isSet ? (
            <>
              {' '}
              <span class="muted">{used === null ? 'limit' : 'of'}</span> <Figure value={limit} {...inUnit} />
            </>
          ) : (
            <span class="muted"> no limit</span>
          )}
          {percent !== null && (
            <>
              {' '}
              <span class="muted">
                (<Figure value={percent} places={0} unit="%" />)
              </span>
            </>
          )}
        </span>
      </div>
      {isSet && percent !== null && (
        <div class="wallets-bar" aria-hidden="true">
          <div class={`wallets-bar-${tone}`} style={{ width: barWidth(percent) }} />
        </div>
      )}
      {note !== null && <div class="muted">{note}</div>}
    </>
  );
}

const TITLES: Readonly<Record<LimitField, string>> = {
  max_position_notional: 'Most worth of one position, USD',
  max_total_exposure: 'Most worth of all, USD',
  max_daily_loss: 'Most lost in a UTC day, USD',
  max_drawdown: 'Most below the highest result, USD',
  max_open_positions: 'Most open positions',
  max_orders_per_minute: 'Most entries a minute',
  cooldown_after_losses: 'Wait after losses in a row',
  cooldown_minutes: 'Minutes to wait',
  allowed_symbols: 'Symbols (empty: all)',
  on_breach: 'A broken limit of loss',
};

interface LimitsDialogProps {
  readonly name: string;
  readonly found: WalletLimits;
  readonly onSet: () => void;
  readonly onClose: () => void;
}

function LimitsDialog({ name, found, onSet, onClose }: LimitsDialogProps) {
  const { api } = useLive();
  // As they stood when the form was opened: what others change meanwhile is not taken back.
  const [before] = useState(() => textsOf(found));
  const [fields] = useState(
    () =>
      Object.fromEntries(Object.entries(before).map(([field, text]) => [field, signal(text)])) as Record<
        LimitField,
        Signal<string>
      >,
  );
  const typed = Object.fromEntries(
    Object.entries(fields).map(([field, one]) => [field, one.value]),
  ) as LimitTexts;
  const { body, errors } = limitsBodyOf(before, typed);
  const set = useAction(async () => {
    if (body === null) return;
    await api.call('setLimits', { params: { wallet_id: found.wallet_id }, body });
    toast('The limits are set.');
    onSet();
    onClose();
  });
  const problem = set.problem.value;
  const field = (one: LimitField, kind: 'decimal' | 'text' = 'decimal') => (
    <TextField
      key={one}
      label={TITLES[one]}
      name={one}
      kind={kind}
      value={fields[one]}
      problem={problem}
      error={errors.get(one) ?? null}
    />
  );
  return (
    <Dialog title={`Limits of ${name}`} onClose={onClose}>
      <form
        class="stack"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void set.run();
        }}
      >
        <p class="muted">Empty: no limit. They count from the next entry on; exits and cancels never ask.</p>
        <div class="wallets-fields">
          {WORTHS.map((one) => field(one))}
          {COUNTS.map((one) => field(one))}
          {field('allowed_symbols', 'text')}
          <SelectField
            label={TITLES.on_breach}
            name="on_breach"
            value={fields.on_breach}
            problem={problem}
            options={[
              { value: 'pause', label: 'pauses the wallet' },
              { value: 'flatten', label: 'pauses, and closes all positions' },
            ]}
          />
        </div>
        {problem !== null && <ProblemNote problem={problem} />}
        <div class="row row-end">
          <button type="button" class="button" onClick={onClose}>
            Back
          </button>
          <button type="submit" class="button button-primary" disabled={body === null || set.isBusy.value}>
            {set.isBusy.value
              ? 'Working…'
              : `Set${body === null ? '' : ` ${Object.keys(body).map(wordsOf).join(', ')}`}`}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

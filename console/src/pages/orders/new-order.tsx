/** A new order: its fields, what would become of it, and sending it once. */
import { useComputed, useSignal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { orderPath } from '../../app/pages.ts';
import { Link, navigate } from '../../app/router.tsx';
import { useLive, useQuery } from '../../live/context.ts';
import { Confirm } from '../../ui/dialog.tsx';
import { Panel } from '../../ui/panel.tsx';
import { ProblemNote } from '../../ui/states.tsx';
import { toast } from '../../ui/toast.tsx';
import { createDraft, readDraft } from './draft.ts';
import { complaintsOf } from './field-complaints.ts';
import { OrderFields } from './order-fields.tsx';
import { type OrderBody, opens, orderBodyOf } from './order-form.ts';
import { PreviewPanel } from './preview-panel.tsx';
import { ProtectionFields } from './protection-fields.tsx';
import { summaryOf } from './summary.ts';
import { UnknownOutcome } from './unknown-outcome.tsx';
import { useDebounced } from './use-debounced.ts';
import { useOrderSubmission } from './use-order-submission.ts';
import { type SymbolRules, useSymbolRules } from './use-symbol-rules.ts';

const SETTLE_MS = 500;
/** Prices and limits move on while the form is looked at. */
const PREVIEW_AGAIN_MS = 15_000;

export function NewOrder({ given }: { readonly given: Readonly<Record<string, string>> }) {
  const live = useLive();
  const { api, wallets, positions } = live;
  const [draft] = useState(() => createDraft(given));
  const wasTried = useSignal(false);
  /** What the question is about is what is sent, whatever the form makes of news meanwhile. */
  const asked = useSignal<OrderBody | null>(null);

  // Where the address names none a demo wallet is taken; a real one is chosen by hand.
  // One that would refuse the order comes last.
  const demoWallets = wallets.ids.value.filter((id) => wallets.row(id).value?.environment === 'demo');
  const demoWallet = demoWallets.find((id) => wallets.row(id).value?.paused === false) ?? demoWallets[0];
  useEffect(() => {
    if (draft.wallet_id.peek() === '') draft.wallet_id.value = demoWallet ?? '';
  }, [draft, demoWallet]);

  const position = positions.row(draft.position_id.value).value;
  const formed = orderBodyOf(readDraft(draft, position?.side ?? ''));
  const formedText = JSON.stringify(formed.body);
  const bodyText = useDebounced(formedText, SETTLE_MS);
  const preview = useQuery(
    `preview ${bodyText}`,
    async () =>
      bodyText === 'null'
        ? null
        : api.call('previewOrder', { body: JSON.parse(bodyText) as NonNullable<typeof formed.body> }),
    { everyMs: PREVIEW_AGAIN_MS },
  );
  const rules: SymbolRules = useSymbolRules(draft.wallet_id.value, draft.symbol.value);

  const isHere = useRef(true);
  useEffect(
    () => () => {
      isHere.current = false;
    },
    [],
  );
  const submission = useOrderSubmission(api, (order) => {
    toast(`Order ${order.order_id} was taken: ${order.status.replaceAll('_', ' ')}.`);
    // Whoever has gone on to another page meanwhile is left there.
    if (isHere.current) navigate(orderPath(order.order_id), { replace: true });
  });
  const state = submission.state.value;
  const refusal = state.kind === 'editing' ? state.problem : null;
  const errors = complaintsOf({
    own: formed.complaints,
    wasTried: wasTried.value,
    preview: preview.value.value,
    problems: [refusal, preview.problem.value],
  });

  const wallet = wallets.row(draft.wallet_id.value).value;
  const isReal = useComputed(() => wallets.row(draft.wallet_id.value).value?.environment !== 'demo');
  const send = (body: OrderBody): void => {
    asked.value = null;
    void submission.place(body);
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    wasTried.value = true;
    submission.forget();
    if (formed.body === null) {
      const [first] = formed.complaints;
      document.getElementsByName(first?.field ?? '')[0]?.focus();
    } else if (isReal.value) asked.value = formed.body;
    else send(formed.body);
  };

  const question = asked.value;
  if (state.kind === 'unknown') return <UnknownOutcome submission={submission} state={state} />;
  return (
    <>
      <p>
        <Link to="/orders">← All orders</Link>
      </p>
      <h1>New order</h1>
      <form class="orders-form" noValidate onSubmit={submit}>
        <div class="stack">
          <Panel title="Order">
            <div class="panel-body">
              <OrderFields draft={draft} errors={errors} rules={rules} position={position} />
            </div>
          </Panel>
          {opens(draft.purpose.value as 'long') && (
            <Panel title="Protection of the position">
              <div class="panel-body">
                <ProtectionFields draft={draft} errors={errors} quote={rules.quote} />
              </div>
            </Panel>
          )}
        </div>
        <div class="stack orders-form-side">
          <PreviewPanel
            {...{ preview, wallet }}
            base={rules.base}
            isFormed={formed.body !== null}
            isCurrent={bodyText === formedText}
          />
          {refusal !== null && <ProblemNote problem={refusal} />}
          <button type="submit" class="button button-primary" disabled={state.kind === 'sending'}>
            {state.kind === 'sending'
              ? 'Sending…'
              : `Place order${wallet === null ? '' : ` in ${wallet.name}`}`}
          </button>
        </div>
      </form>
      {question !== null && wallet !== null && (
        <Confirm
          title={`Real order in ${wallet.name}`}
          action={`Place it in ${wallet.name}`}
          onConfirm={() => send(question)}
          onClose={() => {
            asked.value = null;
          }}
        >
          <p>
            <strong>{summaryOf(question)}</strong>
          </p>
          <p>
            This goes to <strong>{wallet.environment.replaceAll('_', ' ')}</strong> with the account of the
            wallet <strong>{wallet.name}</strong>.
          </p>
        </Confirm>
      )}
    </>
  );
}

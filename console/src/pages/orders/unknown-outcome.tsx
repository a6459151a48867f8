/** An order whose answer never came: it is neither there nor not there until somebody has looked. */
import { Link } from '../../app/router.tsx';
import { isAbsent, type Submission } from '../../forms/submission.ts';
import { useLive } from '../../live/context.ts';
import { Panel } from '../../ui/panel.tsx';
import { ProblemNote } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import type { OrderBody } from './order-form.ts';
import { summaryOf } from './summary.ts';
import type { OrderSubmission } from './use-order-submission.ts';

export interface UnknownOutcomeProps {
  readonly submission: OrderSubmission;
  readonly state: Extract<Submission<OrderBody>, { kind: 'unknown' }>;
}

export function UnknownOutcome({ submission, state }: UnknownOutcomeProps) {
  const { wallets } = useLive();
  const { body, key } = state.intent;
  const looked = submission.lookedAt.value;
  return (
    <>
      <h1>Outcome not known</h1>
      <Panel title="An order was sent, and its answer did not come">
        <div class="panel-body stack" role="alert">
          <p>
            <strong>{summaryOf(body)}</strong> in the wallet{' '}
            {wallets.row(body.wallet_id).value?.name ?? body.wallet_id}
          </p>
          <p>
            It may have been placed, or not. Sending it again is harmless: it goes under the same key, so it
            cannot be placed twice.
          </p>
          <p class="muted">
            Key <code>{key}</code>
          </p>
          {looked !== null && (
            <p role="status">
              <Time at={new Date(looked).toISOString()} />: there is no such order.{' '}
              {isAbsent(state.intent, looked)
                ? 'It was sent long enough ago: it will not come any more.'
                : 'It may still be on its way: look again in two minutes, or send it again.'}
            </p>
          )}
          {state.problem !== null && <ProblemNote problem={state.problem} />}
          <div class="row">
            <button type="button" class="button button-primary" onClick={() => void submission.look()}>
              Look whether it is there
            </button>
            <button type="button" class="button" onClick={() => void submission.repeat()}>
              Send it again
            </button>
            {isAbsent(state.intent, looked) && (
              <button type="button" class="button" onClick={submission.giveUp}>
                Begin anew
              </button>
            )}
            <Link to="/orders" class="button">
              To the list
            </Link>
          </div>
        </div>
      </Panel>
    </>
  );
}

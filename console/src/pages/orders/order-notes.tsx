/** What has gone wrong with an order, what it waits for, and what it is linked with. */
import type { AnswerTo } from '../../../../shared/client/contract.ts';
import { orderPath } from '../../app/pages.ts';
import { Link } from '../../app/router.tsx';
import { wordsOf } from '../../ui/badge.tsx';
import { Fact } from '../../ui/panel.tsx';
import { Time } from '../../ui/time.tsx';

export type OrderFull = AnswerTo<'getOrder'>;

export function Trouble({ order }: { readonly order: OrderFull }) {
  const { reject, amendment, waits_for, outcome_unknown } = order;
  return (
    <>
      {reject !== null && (
        <div class="note note-bad" role="alert">
          <p>
            <strong>Refused: {reject.message}</strong> <code>{reject.code}</code>
          </p>
          {reject.venue_code !== null && <p>The exchange’s code: {reject.venue_code}</p>}
          {reject.filter !== null && <p>Rule: {wordsOf(reject.filter)}</p>}
        </div>
      )}
      {outcome_unknown && (
        <div class="note note-warn">
          <p>
            <strong>The venue’s answer has not come.</strong> It is being asked what became of the order;
            until then it counts as live.
          </p>
        </div>
      )}
      {waits_for !== null && (
        <div class="note note-warn">
          <p>
            It waits for <Link to={orderPath(waits_for)}>another order</Link> of its position to give way.
          </p>
        </div>
      )}
      {amendment !== null && (
        <div class="note">
          <p>
            <strong>Amendment: {wordsOf(amendment.outcome)}</strong> <Time at={amendment.requested_at} />
          </p>
          <p class="muted">
            Way: {wordsOf(amendment.way)}
            {amendment.reason !== null && `. ${amendment.reason}`}
          </p>
        </div>
      )}
    </>
  );
}

export function Linked({ order }: { readonly order: OrderFull }) {
  const { replaces, replaced_by } = order;
  return (
    <>
      {replaces !== null && (
        <Fact name="Took the place of">
          <Link to={orderPath(replaces)}>{replaces}</Link>
        </Fact>
      )}
      {replaced_by !== null && (
        <Fact name="Its place was taken by">
          <Link to={orderPath(replaced_by)}>{replaced_by}</Link>
        </Fact>
      )}
    </>
  );
}

/** What would become of the order: as it would be sent, what it costs, each rule with its figures, the wallet's limits. */
import type { AnswerTo } from '../../../../shared/client/contract.ts';
import type { Query } from '../../live/context.ts';
import type { Wallet } from '../../live/store.ts';
import { Badge, type Tone, wordsOf } from '../../ui/badge.tsx';
import { Figure } from '../../ui/figure.tsx';
import { Fact, Facts, Panel } from '../../ui/panel.tsx';
import { Empty, Loading, ProblemNote } from '../../ui/states.tsx';
import { feeOf } from './fee-estimate.ts';

type Preview = AnswerTo<'previewOrder'>;

export interface PreviewPanelProps {
  readonly preview: Query<Preview | null>;
  /** The form makes an order. */
  readonly isFormed: boolean;
  /** What was asked about is the order as the form makes it now; otherwise its answer is of another one. */
  readonly isCurrent: boolean;
  readonly wallet: Wallet | null;
  readonly base: string | null;
}

export function PreviewPanel({ preview, isFormed, isCurrent, wallet, base }: PreviewPanelProps) {
  const found = isCurrent ? preview.value.value : null;
  const problem = isCurrent ? preview.problem.value : null;
  return (
    <Panel
      title="Preview"
      aside={
        found !== null && (
          <Badge
            word={found.accepted ? 'would be taken' : 'refused'}
            tone={found.accepted ? 'good' : 'bad'}
          />
        )
      }
    >
      <div aria-live="polite">
        {!isFormed ? (
          <Empty title="Fill in the order: what would be sent shows here. Nothing is placed by looking." />
        ) : problem !== null ? (
          <div class="panel-body">
            <ProblemNote problem={problem} />
          </div>
        ) : found === null ? (
          <Loading what="Checking" />
        ) : (
          <Verdict found={found} wallet={wallet} base={base} />
        )}
      </div>
    </Panel>
  );
}

interface VerdictProps {
  readonly found: Preview;
  readonly wallet: Wallet | null;
  readonly base: string | null;
}

const AMOUNTS = ['quantity', 'quote_quantity', 'stop_price', 'limit_price', 'stop_limit_price'] as const;

function Verdict({ found, wallet, base }: VerdictProps) {
  const { refusal, risk, sent, asked, margin, quote } = found;
  const fee = feeOf(found.estimated_value, wallet?.fee_rate ?? null);
  return (
    <>
      {refusal !== null && (
        <div class="panel-body">
          <div class="note note-bad">
            <p>
              <strong>It would be refused</strong> <code>{refusal.code}</code>
            </p>
            <p>{refusal.detail}</p>
            <p>{refusal.next_action}</p>
          </div>
        </div>
      )}
      {risk !== null && risk.broken.length > 0 && (
        <ul class="orders-list">
          {risk.broken.map(({ name, limit, used, asked: more }) => (
            <li key={name}>
              <Badge word={name} tone="bad" /> limit <Figure value={limit} />, used <Figure value={used} />,
              asked <Figure value={more} />
            </li>
          ))}
        </ul>
      )}
      <Facts>
        {AMOUNTS.filter(
          (name) => sent[name] !== null && !(name === 'quantity' && sent.quote_quantity !== null),
        ).map((name) => (
          <Fact key={name} name={`Sent: ${wordsOf(name)}`}>
            <Figure value={sent[name]} unit={name === 'quantity' ? (base ?? '') : quote} />
            {asked[name] !== sent[name] && (
              <div class="muted">
                asked <Figure value={asked[name]} />
              </div>
            )}
          </Fact>
        ))}
        {sent.trailing_delta !== null && (
          <Fact name="Sent: trailing">{sent.trailing_delta} basis points</Fact>
        )}
        <Fact name="Worth, before fees">
          <Figure value={found.estimated_value} unit={quote} />
        </Fact>
        <Fact name="Fee, about">
          {fee === null ? (
            <span class="muted">as the exchange charges it</span>
          ) : (
            <Figure value={fee} unit={quote} places={4} />
          )}
        </Fact>
        <Fact name="Market">
          <Figure value={found.market_price} unit={quote} />
        </Fact>
        {margin !== null && (
          <>
            <Fact name="Collateral">
              <Figure value={margin.margin_used} unit={quote} />
            </Fact>
            <Fact name="Liquidated at">
              <Figure value={margin.liquidation_price} unit={quote} />
            </Fact>
          </>
        )}
        <Fact name="Limits of the wallet">
          {risk === null ? (
            <span class="muted">not asked</span>
          ) : (
            <Badge word={risk.allowed ? 'within' : 'broken'} tone={risk.allowed ? 'good' : 'bad'} />
          )}
        </Fact>
      </Facts>
      {found.warnings.length > 0 && (
        <ul class="orders-list">
          {found.warnings.map(({ code, message }) => (
            <li key={message}>
              <Badge word={code} tone="warn" /> {message}
            </li>
          ))}
        </ul>
      )}
      <Checks found={found} />
    </>
  );
}

const OUTCOMES: Readonly<Record<string, Tone>> = { passed: 'good', failed: 'bad', uncertain: 'warn' };

function Checks({ found }: { readonly found: Preview }) {
  const asked = found.checks.filter(({ outcome }) => outcome !== 'not_applicable');
  const failed = asked.filter(({ outcome }) => outcome === 'failed').length;
  return (
    <details class="orders-checks" open={failed > 0}>
      <summary>
        Rules of {found.venue_symbol}: {asked.length - failed} of {asked.length} hold
      </summary>
      <ul class="orders-list">
        {asked.map(({ rule, outcome, figures, detail, why }) => (
          <li key={rule}>
            <Badge word={outcome} tone={OUTCOMES[outcome] ?? 'plain'} /> {wordsOf(rule)}
            {Object.keys(figures).length > 0 && (
              <span class="muted">
                {' '}
                {Object.entries(figures)
                  .map(([name, text]) => `${wordsOf(name)} ${text}`)
                  .join(', ')}
              </span>
            )}
            {(detail ?? why) !== undefined && <div>{detail ?? why}</div>}
          </li>
        ))}
      </ul>
    </details>
  );
}

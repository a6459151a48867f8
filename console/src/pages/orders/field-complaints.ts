/** What is to be said beside each field: of the form's own rules, of the preview, of a refusal. Pure. */
import type { ApiProblem } from '../../../../shared/client/client.ts';
import type { AnswerTo } from '../../../../shared/client/contract.ts';
import type { Complaint } from './order-form.ts';

export interface Complaints {
  readonly own: readonly Complaint[];
  /** Sending was tried: what is missing is wrong from then on. */
  readonly wasTried: boolean;
  readonly preview: AnswerTo<'previewOrder'> | null;
  readonly problems: readonly (ApiProblem | null)[];
}

/** By the field's name in the API; the first word on a field counts. */
export function complaintsOf({ own, wasTried, preview, problems }: Complaints): ReadonlyMap<string, string> {
  const said = new Map<string, string>();
  const say = (field: string | null | undefined, text: string): void => {
    if (field != null && !said.has(field)) said.set(field, text);
  };
  for (const { field, text, isMissing } of own) if (wasTried || !isMissing) say(field, text);
  for (const problem of problems) {
    const document = problem?.problem;
    if (document == null) continue;
    for (const { field, detail, next_action } of [document, ...(document.errors ?? [])])
      say(field, `${detail} ${next_action}`);
  }
  const refusal = preview?.refusal;
  // The limits that are broken stand in the preview, each with its figures.
  if (refusal?.code === 'risk_limit') say(refusal.field, 'Its limits do not allow this.');
  else if (refusal != null) say(refusal.field, `${refusal.detail}: ${refusal.next_action}`);
  for (const { field, outcome, detail, next_action } of preview?.checks ?? [])
    if (outcome === 'failed' && detail !== undefined)
      say(field, `${detail}${next_action === undefined ? '' : `: ${next_action}`}`);
  return said;
}

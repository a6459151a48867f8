/** The AWS Solutions rules of cdk-nag over both stages: what they find is accepted with a reason, and nothing else. */
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { ACCEPTED, pathInStack } from '../../../infra/stacks/accepted.ts';
import { synthesise } from './synthesised.ts';

interface Finding {
  readonly rule: string;
  readonly path: string;
}

const STAGES = ['sandbox', 'prod'] as const;

/** Before the tests, whose time is theirs. */
const APPS = { sandbox: synthesise('sandbox').app, prod: synthesise('prod').app };

function findings(stage: (typeof STAGES)[number], blind: boolean): readonly Finding[] {
  const app = APPS[stage];
  const pack = new AwsSolutionsChecks(app);
  // As if nothing had been accepted.
  if (blind) Object.defineProperty(pack, 'isAcknowledged', { value: () => false });
  return pack
    .validateScope(app)
    .violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath = '' }) => ({ rule: ruleName, path: constructPath })),
    );
}

describe('cdk-nag', { timeout: 60_000 }, () => {
  it.each(STAGES)('finds nothing in %s that is not accepted', (stage) => {
    expect(findings(stage, false)).toEqual([]);
  });

  it('would find each thing that is accepted: no row is needless', () => {
    const found = STAGES.flatMap((stage) => findings(stage, true));
    const needless = ACCEPTED.filter(
      ({ rule, at }) =>
        !found.some((one) => one.rule === `AwsSolutions-${rule}` && at.test(pathInStack(one.path))),
    );
    expect(needless).toEqual([]);
    for (const { why } of ACCEPTED) expect(why.length).toBeGreaterThan(40);
  });

  it('accepts in prod nothing that is said to be of the sandbox alone', () => {
    const sandboxOnly = ACCEPTED.filter(({ why }) => why.startsWith('Sandbox only'));
    expect(sandboxOnly).toHaveLength(3);
    for (const { rule, path } of findings('prod', true))
      for (const row of sandboxOnly)
        expect(rule === `AwsSolutions-${row.rule}` && row.at.test(pathInStack(path))).toBe(false);
  });
});

/** How many shards the sweeps have: said once, told to whoever sends, does or writes what they look for. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseSweepShards } from '../../../infra/stacks/settings.ts';
import { type Synthesised, synthesise } from './synthesised.ts';

const SHARDED = ['dispatch', 'evaluate', 'api', 'submit', 'exits', 'executions', 'reconcile'];

describe('the sweeps’ shards', () => {
  let stacks: Synthesised;
  beforeAll(() => {
    stacks = synthesise('prod', { 'sweep-shards': '4' });
  });
  afterAll(() => stacks.remove());

  it('are one, or as many as the context says', () => {
    expect([undefined, '', '1', '4', 32].map(parseSweepShards)).toEqual([1, 1, 1, 4, 32]);
    for (const wrong of ['0', '-1', '1.5', '33', 'four', true]) {
      expect(() => parseSweepShards(wrong)).toThrow('a whole number from 1 to 32');
    }
  });

  it('are the same for everybody', () => {
    const told = new Map(
      stacks.ofType('AWS::Lambda::Function').map(({ properties }) => {
        const { Variables } = (properties['Environment'] ?? { Variables: {} }) as {
          readonly Variables: Readonly<Record<string, unknown>>;
        };
        return [Variables['POWERTOOLS_SERVICE_NAME'], Variables['SWEEP_SHARDS']];
      }),
    );
    for (const name of SHARDED) expect([name, told.get(name)]).toEqual([name, '4']);
    const streamers = JSON.stringify(stacks.ofType('AWS::ECS::TaskDefinition'));
    expect(streamers).toContain('{"Name":"SWEEP_SHARDS","Value":"4"}');
  });
});

/** How many processes listen to the wallets: said once; each is a service of its own, and together they are all shards. */
import { afterEach, describe, expect, it } from 'vitest';
import { parseUserDataShards, type Stage } from '../../../infra/stacks/settings.ts';
import { mentions, type Synthesised, synthesise } from './synthesised.ts';

const made: Synthesised[] = [];
afterEach(() => {
  for (const one of made.splice(0)) one.remove();
});

function containers(stage: Stage, context: Readonly<Record<string, string>>) {
  const stacks = synthesise(stage, context);
  made.push(stacks);
  const told = stacks.ofType('AWS::ECS::TaskDefinition').map(({ properties }) => {
    const [container] = properties['ContainerDefinitions'] as [
      { Name: string; Environment: readonly { Name: string; Value: unknown }[] },
    ];
    const value = (name: string) => container.Environment.find((one) => one.Name === name)?.Value;
    const [parts, shard, of] = ['STREAMER_PARTS', 'USER_DATA_SHARD', 'USER_DATA_SHARDS'].map(value);
    return { name: container.Name, parts, shard: `${String(shard)} of ${String(of)}` };
  });
  return { stacks, told };
}

describe('the shards of user data', () => {
  it('are one, or as many as the context says', () => {
    expect([undefined, '', '1', '16', 3].map(parseUserDataShards)).toEqual([1, 1, 1, 16, 3]);
    for (const wrong of ['0', '17', '1.5', 'two'])
      expect(() => parseUserDataShards(wrong)).toThrow('user-data-shards');
  });

  it('are services of their own beside prices in prod', () => {
    expect(containers('prod', { 'user-data-shards': '3' }).told).toEqual([
      { name: 'streamer', parts: 'prices', shard: '0 of 3' },
      { name: 'user-data', parts: 'user-data', shard: '0 of 3' },
      { name: 'user-data-1', parts: 'user-data', shard: '1 of 3' },
      { name: 'user-data-2', parts: 'user-data', shard: '2 of 3' },
    ]);
  });

  it('have the first one in the process of prices in the sandbox; who ends by itself is told of each', () => {
    const { stacks, told } = containers('sandbox', { 'user-data-shards': '2' });
    expect(told).toEqual([
      { name: 'streamer', parts: 'prices,user-data', shard: '0 of 2' },
      { name: 'user-data-1', parts: 'user-data', shard: '1 of 2' },
    ]);
    const services = stacks.ofType('AWS::ECS::Service');
    expect(services).toHaveLength(2);
    const rule = stacks.one('AWS::Events::Rule', 'StreamerStops');
    for (const { id } of services) expect(mentions(rule.properties['EventPattern'], id)).toBe(true);
  });

  it('are none where no exchange is served', () => {
    expect(containers('prod', { 'user-data-shards': '3', binance: 'none' }).told).toHaveLength(1);
  });
});

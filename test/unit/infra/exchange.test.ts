/** What the templates promise about exchange accounts: their keys, and which Binance is served (design section 13). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildApp } from '../../../infra/stacks/build-app.ts';
import { mentions, type Synthesised, synthesise } from './synthesised.ts';

let sandbox: Synthesised;
let prod: Synthesised;

beforeAll(() => {
  sandbox = synthesise('sandbox');
  prod = synthesise('prod');
});

afterAll(() => {
  sandbox.remove();
  prod.remove();
});

const KEY = 'AWS::KMS::Key';

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

/** Every action on a KMS key that the roles of this system hold, by the policy's id without its hash. */
const keyActions = (from: Synthesised) =>
  Object.fromEntries(
    from.ofType('AWS::IAM::Policy').flatMap(({ id, properties }) => {
      const { Statement: statements } = properties['PolicyDocument'] as { Statement: readonly Statement[] };
      const actions = statements
        .flatMap(({ Action, Resource }) => [Action].flat().map((action) => ({ action, Resource })))
        .filter(({ action }) => action.startsWith('kms:') || action === '*');
      const [key] = from.ofType(KEY);
      for (const { Resource } of actions) expect(mentions(Resource, key?.id ?? '?')).toBe(true);
      const owner = id.replace(/Role.*/, '').replace(/^(UserData)?Task.*/, '$1Streamer');
      return actions.length === 0 ? [] : [[owner, actions.map(({ action }) => action)]];
    }),
  );

const environmentOf = (from: Synthesised, name: string): Record<string, unknown> => {
  const functions = from
    .ofType('AWS::Lambda::Function')
    .map(({ properties }) => (properties['Environment'] as { Variables: Record<string, unknown> }).Variables);
  const containers = from.ofType('AWS::ECS::TaskDefinition').map(({ properties }) => {
    const [container] = properties['ContainerDefinitions'] as [
      { Environment: { Name: string; Value: unknown }[] },
    ];
    return Object.fromEntries(container.Environment.map(({ Name, Value }) => [Name, Value]));
  });
  const found = [...functions, ...containers].find((one) => one['POWERTOOLS_SERVICE_NAME'] === name);
  if (found === undefined) throw new Error(`nothing is named ${name}`);
  return found;
};

describe('the key of exchange keys', () => {
  it('may be sealed with by the API alone, and opened by those who sign, and by no other', () => {
    const functions = {
      Api: ['kms:Encrypt'],
      Submit: ['kms:Decrypt'],
      Exits: ['kms:Decrypt'],
      Reconcile: ['kms:Decrypt'],
    };
    expect(keyActions(sandbox)).toEqual({ ...functions, Streamer: ['kms:Decrypt'] });
    // Where prices come by a process of their own, that one has nothing to do with keys.
    expect(keyActions(prod)).toEqual({ ...functions, UserDataStreamer: ['kms:Decrypt'] });
    expect(environmentOf(prod, 'streamer')['KEY_CIPHER']).toBeUndefined();
    expect(environmentOf(prod, 'user-data')['KEY_CIPHER']).toBeDefined();
  });

  it('has a policy that lets the account give no way around those two', () => {
    for (const system of [sandbox, prod]) {
      const { Statement } = system.one(KEY, '').properties['KeyPolicy'] as {
        Statement: readonly (Statement & { Effect: string; Principal: unknown })[];
      };
      expect(Statement).toHaveLength(1);
      const [only] = Statement;
      expect(JSON.stringify(only?.Principal)).toContain(':root');
      const actions = [only?.Action ?? []].flat();
      expect(actions).toEqual(expect.arrayContaining(['kms:Encrypt', 'kms:Decrypt', 'kms:PutKeyPolicy']));
      for (const action of actions)
        expect(action).toMatch(/^kms:(?!CreateGrant|ReEncrypt|GenerateDataKey)[A-Za-z]+$/);
    }
  });

  it('is turned each year and lives as long as the tables do', () => {
    for (const [system, policy] of [
      [sandbox, 'Delete'],
      [prod, 'Retain'],
    ] as const) {
      const keys = system.ofType(KEY);
      expect(keys).toHaveLength(1);
      expect(keys[0]?.stack).toMatch(/-data$/);
      expect(keys[0]?.properties['EnableKeyRotation']).toBe(true);
      expect(keys[0]?.deletionPolicy).toBe(policy);
    }
  });

  it('is named to those who need it only', () => {
    for (const name of ['api', 'submit', 'exits', 'reconcile', 'streamer']) {
      expect(JSON.stringify(environmentOf(sandbox, name)['KEY_CIPHER'])).toContain('"kms:"');
    }
    for (const name of ['executions', 'evaluate', 'dispatch']) {
      expect(environmentOf(sandbox, name)['KEY_CIPHER']).toBeUndefined();
    }
  });
});

describe('the served Binance', () => {
  const served = (context: Record<string, unknown>, stage: 'sandbox' | 'prod' = 'sandbox') => {
    const system = synthesise(stage, context);
    try {
      return ['api', 'submit', 'exits', 'executions', 'evaluate', 'streamer'].map(
        (name) => environmentOf(system, name)['BINANCE_ENVIRONMENT'],
      );
    } finally {
      system.remove();
    }
  };

  it('is the testnet in the sandbox and the exchange in prod, the same for all', () => {
    const names = ['api', 'submit', 'exits', 'executions', 'evaluate', 'streamer'];
    expect(names.map((name) => environmentOf(sandbox, name)['BINANCE_ENVIRONMENT'])).toEqual(
      names.map(() => 'binance_testnet'),
    );
    expect(environmentOf(prod, 'submit')['BINANCE_ENVIRONMENT']).toBe('binance');
  });

  it('is what the context says', () => {
    expect(new Set(served({ binance: 'binance_demo' }))).toEqual(new Set(['binance_demo']));
    expect(new Set(served({ binance: 'none' }))).toEqual(new Set([undefined]));
  });

  it('is refused where it is nothing that can be deployed', () => {
    for (const binance of ['binance_simulator', 'testnet']) {
      expect(() => buildApp({ context: { binance } })).toThrow(
        `Unknown binance "${binance}": use binance, binance_testnet, binance_demo or none`,
      );
    }
  });

  it('has one budget per way out', () => {
    expect(environmentOf(sandbox, 'submit')['EGRESS_ADDRESS']).toBe('nat');
    expect(environmentOf(sandbox, 'exits')['EGRESS_ADDRESS']).toBe('nat');
    // Behind the same address, so the same budget; prices alone come straight in.
    expect(environmentOf(sandbox, 'streamer')['EGRESS_ADDRESS']).toBe('nat');
    expect(environmentOf(prod, 'streamer')['EGRESS_ADDRESS']).toBe('streamer');
    expect(environmentOf(prod, 'user-data')['EGRESS_ADDRESS']).toBe('nat');
  });
});

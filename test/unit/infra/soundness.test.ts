/** What CloudFormation and the services refuse only while a stack is being made: found here instead. */
import { describe, expect, it } from 'vitest';
import { MAX_RECEIVE_COUNT } from '../../../infra/queues.ts';
import { type Synthesised, synthesise } from './synthesised.ts';

interface Template {
  readonly Resources: Readonly<
    Record<string, { readonly Type: string; readonly Properties?: unknown; readonly DependsOn?: unknown }>
  >;
  readonly Outputs?: Readonly<Record<string, unknown>>;
}

const templates = (from: Synthesised): readonly (readonly [string, Template])[] =>
  [...from.stacks].map(([name, template]) => [name, template.toJSON() as Template]);

/** Ids of the template's own resources that a value refers to, however. */
function references(value: unknown, known: ReadonlySet<string>): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((one) => references(one, known));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key === 'Ref' && typeof inner === 'string') return known.has(inner) ? [inner] : [];
    if (key === 'Fn::GetAtt') {
      const [id] = Array.isArray(inner) ? inner : String(inner).split('.');
      return known.has(String(id)) ? [String(id)] : [];
    }
    if (key === 'Fn::Sub') {
      const [text] = [inner].flat();
      return [...String(text).matchAll(/\$\{([^}.]+)/g)]
        .map(([, id = '']) => id)
        .filter((id) => known.has(id));
    }
    return references(inner, known);
  });
}

/** A circle of resources that each need another one first; null when there is none. */
function circle({ Resources }: Template): readonly string[] | null {
  const known = new Set(Object.keys(Resources));
  const needs = new Map(
    Object.entries(Resources).map(([id, { Properties, DependsOn }]) => [
      id,
      [...references(Properties, known), ...([DependsOn ?? []].flat() as string[])],
    ]),
  );
  const done = new Set<string>();
  const visit = (id: string, way: readonly string[]): readonly string[] | null => {
    if (way.includes(id)) return [...way.slice(way.indexOf(id)), id];
    if (done.has(id)) return null;
    for (const next of needs.get(id) ?? []) {
      const found = visit(next, [...way, id]);
      if (found !== null) return found;
    }
    done.add(id);
    return null;
  };
  for (const id of known) {
    const found = visit(id, []);
    if (found !== null) return found;
  }
  return null;
}

/** How long the text of a value becomes in an account: references as long as the longest that AWS makes of our names. */
const LONGEST_REFERENCE = 110;
function length(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (Array.isArray(value)) return value.reduce<number>((sum, one) => sum + length(one), 0);
  if (typeof value !== 'object' || value === null) return String(value).length;
  if ('Fn::Join' in value) {
    const [, parts] = value['Fn::Join'] as [string, unknown[]];
    return length(parts);
  }
  const [key = ''] = Object.keys(value);
  if (key === 'Ref' || key.startsWith('Fn::')) return LONGEST_REFERENCE;
  return Object.entries(value).reduce((sum, [name, one]) => sum + name.length + 6 + length(one), 0);
}

describe('the search for circles', () => {
  it('finds one', () => {
    const Ref = (id: string) => ({ Ref: id });
    const made = (A: unknown, B: unknown): Template => ({
      Resources: { A: { Type: 't', Properties: A }, B: { Type: 't', Properties: B } },
    });
    expect(circle(made({ x: [Ref('B')] }, { y: { 'Fn::GetAtt': ['A', 'Arn'] } }))).toEqual(['A', 'B', 'A']);
    expect(circle(made({ x: Ref('B') }, { 'Fn::Sub': ['$', '{A.Arn}'].join('') }))).toEqual(['A', 'B', 'A']);
    expect(circle(made({ x: Ref('B') }, {}))).toBeNull();
  });
});

describe.each(['sandbox', 'prod'] as const)('the templates of %s', (stage) => {
  const system = synthesise(stage);

  it('have no circle', () => {
    for (const [name, template] of templates(system)) expect([name, circle(template)]).toEqual([name, null]);
  });

  it('are no larger than CloudFormation takes', () => {
    for (const [name, template] of templates(system)) {
      expect([name, JSON.stringify(template).length < 1_000_000]).toEqual([name, true]);
      expect(Object.keys(template.Resources).length, name).toBeLessThanOrEqual(500);
      expect(Object.keys(template.Outputs ?? {}).length, name).toBeLessThanOrEqual(200);
    }
  });

  it('have environments of at most 4 KB, and roles of at most 10,240 characters', () => {
    for (const { id, properties } of system.ofType('AWS::Lambda::Function')) {
      const { Variables } = properties['Environment'] as { Variables: Record<string, unknown> };
      expect([id, length(Variables) < 4_096]).toEqual([id, true]);
    }
    for (const { id, properties } of system.ofType('AWS::IAM::Policy'))
      expect([id, length(properties['PolicyDocument']) < 10_240]).toEqual([id, true]);
  });

  it('name things as their services let them be named', () => {
    const names = (type: string, property: string): readonly string[] =>
      system
        .ofType(type)
        .flatMap(({ properties }) =>
          typeof properties[property] === 'string' ? [String(properties[property])] : [],
        );
    for (const name of names('AWS::SQS::Queue', 'QueueName')) expect(name).toMatch(/^[\w-]{1,75}(\.fifo)?$/);
    for (const name of names('AWS::ElastiCache::ServerlessCache', 'ServerlessCacheName'))
      expect(name).toMatch(/^[a-z][a-z0-9-]{0,39}$/);
    for (const name of names('AWS::CloudWatch::Alarm', 'AlarmName')) expect(name.length).toBeLessThan(256);
    for (const name of names('AWS::Lambda::Function', 'Description')) expect(name.length).toBeLessThan(257);
    const domain = system.one('AWS::Cognito::UserPoolDomain', '');
    const { 'Fn::Join': joined } = domain.properties['Domain'] as { 'Fn::Join': [string, unknown[]] };
    // The number of the account comes after it.
    expect(joined[1]).toEqual([
      expect.stringMatching(/^(?!.*(aws|amazon|cognito))[a-z0-9-]{1,51}$/),
      { Ref: 'AWS::AccountId' },
    ]);
  });

  it('read queues as Lambda allows it', () => {
    for (const { id, properties } of system.ofType('AWS::Lambda::EventSourceMapping')) {
      if ('StartingPosition' in properties) {
        expect(Number(properties['MaximumRecordAgeInSeconds']), id).toBeGreaterThanOrEqual(60);
        continue;
      }
      const scaling = properties['ScalingConfig'] as { MaximumConcurrency: number } | undefined;
      if (scaling !== undefined) expect(scaling.MaximumConcurrency, id).toBeGreaterThanOrEqual(2);
      expect(Number(properties['BatchSize']), id).toBeLessThanOrEqual(10);
      expect(properties['FunctionResponseTypes'], id).toEqual(['ReportBatchItemFailures']);
    }
    // AWS advises five at least, or a busy moment alone makes dead letters.
    expect(MAX_RECEIVE_COUNT).toBeGreaterThanOrEqual(5);
  });

  it('reserve no concurrency: a new account has too little to reserve any', () => {
    for (const { properties } of system.ofType('AWS::Lambda::Function'))
      expect(properties['ReservedConcurrentExecutions']).toBeUndefined();
  });

  it('end every log some day, and name every resource of the bill', () => {
    for (const { id, properties } of system.ofType('AWS::Logs::LogGroup')) {
      expect([id, properties['RetentionInDays']]).toEqual([id, stage === 'sandbox' ? 7 : 90]);
      expect(properties['Tags']).toEqual(
        expect.arrayContaining([
          { Key: 'application', Value: 'moniqo' },
          { Key: 'stage', Value: stage },
        ]),
      );
    }
  });
});

/**
 * Synthesises the app with stand-in bundles: templates do not depend on what is inside them. Each stage as it is by itself is
 * made once per process, for all test files.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { BUNDLE_ENTRIES } from '../../../infra/bundle/entries.ts';
import { buildApp } from '../../../infra/stacks/build-app.ts';
import type { Stage } from '../../../infra/stacks/settings.ts';

export interface Resource {
  readonly stack: string;
  readonly id: string;
  readonly properties: Record<string, unknown>;
  readonly deletionPolicy: string | undefined;
}

export interface Synthesised {
  readonly stacks: ReadonlyMap<string, Template>;
  /** The construct tree that they came from. */
  readonly app: App;
  /** The folder of the assembly. */
  readonly outdir: string;
  /** All resources of a CloudFormation type over all stacks. */
  ofType(type: string): readonly Resource[];
  /** The only resource of a type whose id in its stack begins so. */
  one(type: string, idPrefix: string): Resource;
  remove(): void;
}

const asItIs = new Map<Stage, Synthesised>();

/** `remove` of a stage as it is does nothing: others use it too. */
export function synthesise(stage: Stage, context: Readonly<Record<string, unknown>> = {}): Synthesised {
  if (Object.keys(context).length > 0) return make(stage, context);
  const known = asItIs.get(stage);
  if (known !== undefined) return known;
  const made = make(stage, context);
  process.once('exit', made.remove);
  const shared = { ...made, remove: () => undefined };
  asItIs.set(stage, shared);
  return shared;
}

function make(stage: Stage, context: Readonly<Record<string, unknown>>): Synthesised {
  const folder = mkdtempSync(join(tmpdir(), 'moniqo-infra-test-'));
  const distDir = join(folder, 'dist');
  for (const { name } of BUNDLE_ENTRIES) {
    mkdirSync(join(distDir, name), { recursive: true });
    writeFileSync(join(distDir, name, 'index.mjs'), `// ${name}\n`);
    writeFileSync(join(distDir, name, 'Dockerfile'), 'FROM scratch\n');
  }
  mkdirSync(join(distDir, 'console', 'assets'), { recursive: true });
  writeFileSync(join(distDir, 'console', 'index.html'), '<html><head><title>t</title></head></html>');
  writeFileSync(join(distDir, 'console', 'favicon.svg'), '<svg/>');
  writeFileSync(join(distDir, 'console', 'assets', 'main-1234.js'), '// page');
  const outdir = join(folder, 'out');
  const app = buildApp({ outdir, stage, distDir, context });
  const stacks = new Map(
    app.node.children.filter(Stack.isStack).map((stack) => [stack.stackName, Template.fromStack(stack)]),
  );
  const ofType = (type: string) =>
    [...stacks].flatMap(([stack, template]) =>
      Object.entries(template.findResources(type)).map(([id, resource]) => ({
        stack,
        id,
        properties: (resource['Properties'] ?? {}) as Record<string, unknown>,
        deletionPolicy: resource['DeletionPolicy'] as string | undefined,
      })),
    );
  const one = (type: string, idPrefix: string) => {
    const found = ofType(type).filter(({ id }) => id.startsWith(idPrefix));
    const [only] = found;
    if (only === undefined || found.length > 1) {
      throw new Error(`${found.length} resources of ${type} begin with ${idPrefix}`);
    }
    return only;
  };
  return { app, outdir, stacks, ofType, one, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Any reference to a resource, of this stack or another, as text: enough to find its id in it. */
export const mentions = (value: unknown, id: string): boolean => JSON.stringify(value ?? null).includes(id);

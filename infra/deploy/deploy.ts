/**
 * Deploys and takes down a stage: what is missing is said before anything is changed, then the CDK does it.
 *
 * Always true: nothing is called that changes the account before every check is done; the CDK acts with the credentials that
 * were looked at, so in the account that was named; the fixed address stays.
 */
import { join } from 'node:path';
import { type CheckWorld, checkAll } from './checks.ts';
import { findingLines } from './finding.ts';
import { type DeployCommand, type DestroyCommand, polygonParameter, type Stage } from './options.ts';
import { cdkEnvironment, type SignedIn, signedIn } from './signed-in.ts';

export interface DeployWorld extends CheckWorld {
  readonly say: (line: string) => void;
  /** Null: nobody is there to answer. */
  readonly ask: (question: string) => Promise<string | null>;
  /** What cdk.json says of the settings. */
  readonly context: Readonly<Record<string, unknown>>;
  /** The project's folder. */
  readonly root: string;
  /** What the deployment wrote there; null: it is not there. */
  readonly readOutputs: (file: string) => unknown;
}

/** Of the project's own, at its own Node; another one would be another tool. */
const cdkOf = (root: string): string => join(root, 'node_modules', '.bin', 'cdk');
const outputsFile = (root: string, stage: Stage): string => join(root, '.moniqo', `outputs-${stage}.json`);

const contextArguments = (stage: Stage, context: readonly string[]): readonly string[] => [
  ...['-c', `stage=${stage}`],
  ...context.flatMap((one) => ['-c', one]),
];

/** Answers the exit code. */
export async function deploy(
  stage: Stage,
  { checkOnly, context }: DeployCommand,
  world: DeployWorld,
): Promise<number> {
  const { say, run, root } = world;
  say(`looking at what a deployment of ${stage} needs ...`);
  const { findings, target } = await checkAll(
    { stage, parameter: polygonParameter(stage, context, world.context) },
    world,
  );
  for (const line of findingLines(findings)) say(line);
  if (target === null) {
    say('\nNothing was deployed: see what is missing above.');
    return 1;
  }
  const { account, region } = target;
  if (checkOnly) {
    say('\nEverything is there; nothing was deployed (--check).');
    return 0;
  }
  say(
    `\ndeploying ${stage} into account ${account.account}, ${region}; this takes 10 to 20 minutes the first time ...`,
  );
  const file = outputsFile(root, stage);
  const { code } = await run(
    cdkOf(root),
    [
      ...['deploy', '--all', '--require-approval', 'never', '--concurrency', '4', '--outputs-file', file],
      ...contextArguments(stage, context),
    ],
    // Docker before 23 has the builder that the image needs, and uses the old one unless told.
    { isShown: true, env: { ...cdkEnvironment(target), DOCKER_BUILDKIT: '1' } },
  );
  if (code !== 0) {
    say(
      '\nThe deployment failed. What is there stays; what CloudFormation says above is the reason. It can be run again.',
    );
    return 1;
  }
  for (const line of outputLines(world.readOutputs(file))) say(line);
  return 0;
}

/** What somebody needs next, of what the stacks put out. */
export function outputLines(document: unknown): readonly string[] {
  const found = new Map<string, string>();
  for (const stack of Object.values(asRecord(document))) {
    for (const [name, value] of Object.entries(asRecord(stack))) {
      if (typeof value === 'string') found.set(name, value);
    }
  }
  const known = [...found].filter(([name]) => !name.startsWith('ExportsOutput'));
  const url = found.get('ApiUrl') ?? 'URL';
  const page = found.get('ConsoleUrl');
  return [
    '',
    ...known.map(([name, value]) => `${name.padEnd(24)} ${value}`),
    '',
    ...(page === undefined
      ? []
      : [`The console: ${page} (whom it lets in: docs/operations.md, the first token)`]),
    `Next, with MONIQO_TOKEN in the environment: npm run smoke -- --url ${url}`,
    'How to get a token, alarms by e-mail, and how to take it down: docs/operations.md',
  ];
}

const asRecord = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};

/** The stack that holds the fixed address, by the end of its name; it is protected from being deleted besides. */
const ADDRESS_STACK = /-address$/;

/** Answers the exit code. */
export async function destroy(
  stage: Stage,
  { isSure, context }: DestroyCommand,
  world: DeployWorld,
): Promise<number> {
  const { say, run, root } = world;
  const who = await signedIn(world);
  for (const line of findingLines(who.findings)) say(line);
  if (who.signedIn === null) {
    say('\nNothing was taken down: see what is missing above.');
    return 1;
  }
  const { account, region } = who.signedIn;
  const stacks = await stacksOf(world, who.signedIn, stage, context);
  if (stacks === null) {
    say('The stacks could not be listed: see `npx cdk list`.');
    return 1;
  }
  const meant = stacks.filter((name) => !ADDRESS_STACK.test(name));
  say(`Takes down, in account ${account.account}, ${region}, with all data:\n  ${meant.join('\n  ')}`);
  if (!isSure) {
    const answer = await world.ask(`Type the name of the stage (${stage}) to go on: `);
    if (answer !== stage) {
      say('Nothing was taken down.');
      return 1;
    }
  }
  const { code } = await run(
    cdkOf(root),
    ['destroy', ...meant, '--exclusively', '--force', ...contextArguments(stage, context)],
    { isShown: true, env: cdkEnvironment(who.signedIn) },
  );
  if (code !== 0) {
    say('\nNot everything is gone: CloudFormation says above what holds it. It can be run again.');
    return 1;
  }
  for (const line of leftLines(stacks, meant)) say(line);
  return 0;
}

/** Null: the CDK could not say. */
async function stacksOf(
  { run, root }: DeployWorld,
  who: SignedIn,
  stage: Stage,
  context: readonly string[],
): Promise<readonly string[] | null> {
  const { code, stdout } = await run(cdkOf(root), ['list', ...contextArguments(stage, context)], {
    env: cdkEnvironment(who),
  });
  const names = stdout.split('\n').flatMap((line) => /^(Moniqo-[A-Za-z0-9-]+)/.exec(line.trim())?.[1] ?? []);
  return code === 0 && names.length > 0 ? names : null;
}

const leftLines = (stacks: readonly string[], gone: readonly string[]): readonly string[] => {
  const kept = stacks.filter((name) => !gone.includes(name));
  return [
    '\nTaken down. What is left:',
    ...kept.map(
      (name) =>
        `  ${name}: the fixed address (3.65 USD a month); docs/operations.md says how to give it back`,
    ),
    '  the KMS key of the wallets, which AWS deletes after its waiting time',
    '  the CDK bootstrap stack with images and bundles: `npx cdk gc --unstable=gc` empties it',
  ];
};

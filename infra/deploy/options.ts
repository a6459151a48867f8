/** The command lines of `npm run deploy:sandbox` and `npm run destroy:sandbox`. Pure. */
import { parseLiveSources } from '../../shared/domain/prices/live-sources.ts';
import { OptionError, readArguments } from '../command-line.ts';
import { CONTEXT_NAMES, type ContextName, isContextName } from '../stacks/context-names.ts';

export type Stage = 'sandbox' | 'prod';

export const DEPLOY_HELP = `Deploys the sandbox into the AWS account and region of your credentials.

  npm run deploy:sandbox -- [options]

  --check              looks whether everything is there that it needs, and deploys nothing
  --context NAME=VALUE settings of the CDK app, several times: binance=none, feed=..., machine-clients=ID,... (docs/operations.md)
  --help               this text

What is missing is said before anything is changed. Costs about what docs/cost.md says, from the first minute on.
`;

export const DESTROY_HELP = `Takes the sandbox down, with everything that it holds: orders, positions, wallets, users, logs. The fixed address stays:
keys of an exchange are bound to it (docs/operations.md says how to give it back).

  npm run destroy:sandbox -- [options]

  --yes                does not ask
  --context NAME=VALUE as for the deployment
  --help               this text
`;

export interface DeployCommand {
  readonly checkOnly: boolean;
  readonly context: readonly string[];
}

export interface DestroyCommand {
  readonly isSure: boolean;
  readonly context: readonly string[];
}

const CONTEXT = new Set(['--context']);

/** Null: help is asked for. @throws OptionError naming the option that is unknown or wrong */
export function parseDeploy(argv: readonly string[]): DeployCommand | null {
  const read = readArguments(argv, {
    withValue: new Set(),
    repeatable: CONTEXT,
    flags: new Set(['--check', '--help']),
  });
  if (read.given.has('--help')) return null;
  return { checkOnly: read.given.has('--check'), context: contextOf(read) };
}

/** Null: help is asked for. @throws OptionError as `parseDeploy` */
export function parseDestroy(argv: readonly string[]): DestroyCommand | null {
  const flags = new Set(['--yes', '--help']);
  const read = readArguments(argv, { withValue: new Set(), repeatable: CONTEXT, flags });
  const { given } = read;
  if (given.has('--help')) return null;
  return { isSure: given.has('--yes'), context: contextOf(read) };
}

function contextOf({ words, repeated }: ReturnType<typeof readArguments>): readonly string[] {
  const [word] = words;
  if (word !== undefined) throw new OptionError(`unknown option ${word}`);
  const context = repeated.get('--context') ?? [];
  for (const one of context) {
    if (!/^[a-z][a-z-]*=.*$/.test(one)) throw new OptionError(`--context ${one}: NAME=VALUE is expected`);
    if (one.startsWith('stage='))
      throw new OptionError('--context stage=...: this command is of the sandbox');
    const name = one.slice(0, one.indexOf('='));
    if (!isContextName(name)) {
      throw new OptionError(`--context ${name} is no setting; known are ${CONTEXT_NAMES.join(', ')}`);
    }
  }
  return context;
}

/**
 * The parameter that a streamer with Polygon takes its key from; null: it has none to take. What the command line says comes
 * before what is written down (`lasting`: the context of cdk.json).
 */
export function polygonParameter(
  stage: Stage,
  context: readonly string[],
  lasting: Readonly<Record<string, unknown>>,
): string | null {
  const value = (name: ContextName): unknown =>
    context.findLast((one) => one.startsWith(`${name}=`))?.slice(name.length + 1) ?? lasting[name];
  const feed = value('feed');
  const isSource = typeof feed === 'string' && parseLiveSources(feed)?.includes('polygon') === true;
  return isSource || value('history') === 'polygon' ? `/moniqo/${stage}/polygon-api-key` : null;
}

/**
 * What a deployment needs, looked at before anything is changed: each thing by itself, so that all that is missing is said at once,
 * in words that say what to do.
 */
import type { Credentials } from '../../shared/adapters/gateway/sigv4.ts';
import type { BundleResult } from '../bundle/bundle.ts';
import type { Account, Aws } from './account.ts';
import type { Run } from './runner.ts';

export interface Finding {
  readonly name: string;
  /** `doubt`: it may go wrong because of it. */
  readonly state: 'ok' | 'missing' | 'doubt';
  readonly detail: string;
  /** What to do about it. */
  readonly remedy?: string;
}

export interface CheckWorld {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly run: Run;
  readonly aws: Aws;
  /** Of the machine: `x64`, `arm64`. */
  readonly arch: string;
  /** Makes the bundles. @throws when one does not compile or is too large */
  readonly bundle: () => Promise<readonly BundleResult[]>;
  /** The CDK command line's version that is installed; null: none. */
  readonly cdkVersion: string | null;
  /** The one that package.json names. */
  readonly wantedCdkVersion: string;
}

export interface CheckPlan {
  readonly stage: string;
  /** A parameter that the streamer's task needs, or none. */
  readonly parameter: string | null;
}

export interface Checked {
  readonly findings: readonly Finding[];
  /** Null: something is missing. */
  readonly target: { readonly account: Account; readonly region: string } | null;
}

/** Of the CDK's own bootstrap stack: the most that the assembly asks for anywhere in its manifest. */
export const LEAST_BOOTSTRAP = 8;
const BOOTSTRAP_PARAMETER = '/cdk-bootstrap/hnb659fds/version';
const DOCKER_TIMEOUT_MS = 60_000;

const SIGN_IN =
  'sign in: `aws sso login` (and AWS_PROFILE), or put AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY into the environment';

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Looks at everything; what depends on something that is missing is left out. */
export async function checkAll(plan: CheckPlan, world: CheckWorld): Promise<Checked> {
  const region = await regionFinding(world);
  const credentials = await credentialsFinding(world);
  const account =
    region.found === null || credentials.found === null
      ? null
      : await accountFinding(world, region.found, credentials.found);
  const ofAccount =
    region.found === null || credentials.found === null || account?.found == null
      ? []
      : [
          await bootstrapFinding(plan, world, region.found, credentials.found, account.found),
          ...(await parameterFindings(plan, world, region.found, credentials.found)),
        ];
  const findings = [
    cdkFinding(world),
    region.finding,
    credentials.finding,
    ...(account === null ? [] : [account.finding]),
    ...ofAccount,
    ...(await dockerFindings(world)),
    await bundleFinding(world),
  ];
  const isReady = findings.every(({ state }) => state !== 'missing');
  const target =
    isReady && region.found !== null && account?.found != null
      ? { account: account.found, region: region.found }
      : null;
  return { findings, target };
}

interface Found<T> {
  readonly finding: Finding;
  readonly found: T | null;
}

function cdkFinding({ cdkVersion, wantedCdkVersion }: CheckWorld): Finding {
  const name = 'CDK command line';
  if (cdkVersion === wantedCdkVersion) return { name, state: 'ok', detail: cdkVersion };
  const detail =
    cdkVersion === null ? 'is not installed' : `${cdkVersion} is installed, not ${wantedCdkVersion}`;
  return { name, state: 'missing', detail, remedy: 'run `npm ci`' };
}

async function regionFinding({ aws }: CheckWorld): Promise<Found<string>> {
  const name = 'region';
  const remedy = 'say where to deploy: AWS_REGION=eu-west-1, or `aws configure set region eu-west-1`';
  try {
    const region = await aws.region();
    if (region === null) {
      return { finding: { name, state: 'missing', detail: 'nobody says one', remedy }, found: null };
    }
    if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(region)) {
      return { finding: { name, state: 'missing', detail: `${region} is none`, remedy }, found: null };
    }
    return { finding: { name, state: 'ok', detail: region }, found: region };
  } catch (error) {
    return { finding: { name, state: 'missing', detail: textOf(error), remedy }, found: null };
  }
}

async function credentialsFinding({ aws }: CheckWorld): Promise<Found<Credentials>> {
  const name = 'credentials';
  try {
    const credentials = await aws.credentials();
    if (credentials !== null)
      return { finding: { name, state: 'ok', detail: 'are there' }, found: credentials };
    return { finding: { name, state: 'missing', detail: 'there are none', remedy: SIGN_IN }, found: null };
  } catch (error) {
    return { finding: { name, state: 'missing', detail: textOf(error), remedy: SIGN_IN }, found: null };
  }
}

async function accountFinding(
  { aws }: CheckWorld,
  region: string,
  credentials: Credentials,
): Promise<Found<Account>> {
  const name = 'account';
  try {
    const account = await aws.whoAmI(region, credentials);
    return {
      finding: { name, state: 'ok', detail: `${account.account}, as ${account.arn}` },
      found: account,
    };
  } catch (error) {
    const detail = `AWS does not take the credentials: ${textOf(error)}`;
    return { finding: { name, state: 'missing', detail, remedy: SIGN_IN }, found: null };
  }
}

async function bootstrapFinding(
  { stage }: CheckPlan,
  { aws }: CheckWorld,
  region: string,
  credentials: Credentials,
  { account }: Account,
): Promise<Finding> {
  const name = 'bootstrap';
  const remedy = `once for an account and region: \`npx cdk bootstrap aws://${account}/${region} -c stage=${stage}\``;
  try {
    const version = await aws.parameter(region, credentials, BOOTSTRAP_PARAMETER);
    if (version === null) {
      return { name, state: 'missing', detail: `the CDK has never been set up in ${region}`, remedy };
    }
    if (!/^\d{1,6}$/.test(version) || Number.parseInt(version, 10) < LEAST_BOOTSTRAP) {
      return {
        name,
        state: 'missing',
        detail: `version ${version} is older than ${LEAST_BOOTSTRAP}`,
        remedy,
      };
    }
    return { name, state: 'ok', detail: `version ${version}` };
  } catch (error) {
    const detail = `could not be looked at (${textOf(error)}); the deployment will say`;
    return { name, state: 'doubt', detail, remedy };
  }
}

async function parameterFindings(
  { parameter }: CheckPlan,
  { aws }: CheckWorld,
  region: string,
  credentials: Credentials,
): Promise<readonly Finding[]> {
  if (parameter === null) return [];
  const name = 'Polygon key';
  const remedy = `aws ssm put-parameter --name ${parameter} --type SecureString --value KEY`;
  try {
    const value = await aws.parameter(region, credentials, parameter);
    if (value === '(secret)') return [{ name, state: 'ok', detail: `${parameter} is there` }];
    const detail = value === null ? `${parameter} is not there` : `${parameter} is no SecureString`;
    return [{ name, state: 'missing', detail: `${detail}: the streamer would not start`, remedy }];
  } catch (error) {
    return [{ name, state: 'doubt', detail: `could not be looked at (${textOf(error)})`, remedy }];
  }
}

/** The streamer's image is made by the deployment, for ARM64. */
async function dockerFindings({ run, env, arch }: CheckWorld): Promise<readonly Finding[]> {
  const name = 'Docker';
  const command = env['CDK_DOCKER'] || 'docker';
  const { code } = await run(command, ['info'], { timeoutMs: DOCKER_TIMEOUT_MS });
  if (code === null) {
    const remedy =
      'install it (or say CDK_DOCKER=podman or finch): the image of the streamer is made with it';
    return [{ name, state: 'missing', detail: `there is no ${command}`, remedy }];
  }
  if (code !== 0) {
    const remedy = 'start Docker (Docker Desktop, or `sudo systemctl start docker`), or join its group';
    return [{ name, state: 'missing', detail: `${command} does not answer`, remedy }];
  }
  const answers: Finding = { name, state: 'ok', detail: `${command} answers` };
  if (arch === 'arm64') return [answers];
  const builder = await run(command, ['buildx', 'inspect', '--bootstrap'], { timeoutMs: DOCKER_TIMEOUT_MS });
  if (builder.code === 0 && /linux\/arm64/.test(builder.stdout)) return [answers];
  const detail = `nothing says that ${command} can build for ARM64 on this ${arch} machine`;
  const remedy = `${command} run --privileged --rm tonistiigi/binfmt --install arm64`;
  return [answers, { name: 'ARM64 images', state: 'doubt', detail, remedy }];
}

async function bundleFinding({ bundle }: CheckWorld): Promise<Finding> {
  const name = 'bundles';
  try {
    const made = await bundle();
    return { name, state: 'ok', detail: `${made.length} made, none too large` };
  } catch (error) {
    const detail = textOf(error).split('\n', 3).join(' ');
    return { name, state: 'missing', detail, remedy: 'see `npm run build` and `npm run check`' };
  }
}

const WORDS = { ok: 'ok', missing: 'MISSING', doubt: 'DOUBT' } as const;

export const findingLines = (findings: readonly Finding[]): readonly string[] =>
  findings.flatMap(({ name, state, detail, remedy }) => [
    `${WORDS[state].padEnd(8)} ${name.padEnd(17)} ${detail}`,
    ...(state === 'ok' || remedy === undefined ? [] : [`${' '.repeat(26)} -> ${remedy}`]),
  ]);

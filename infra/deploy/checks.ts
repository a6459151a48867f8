/**
 * What a deployment needs, looked at before anything is changed: each thing by itself, so that all that is missing is said at once,
 * in words that say what to do.
 */
import { basename } from 'node:path';
import type { BundleResult } from '../bundle/bundle.ts';
import type { Finding } from './finding.ts';
import type { Run } from './runner.ts';
import { type SignedIn, type SignedInWorld, signedIn, textOf } from './signed-in.ts';

export interface CheckWorld extends SignedInWorld {
  readonly run: Run;
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
  readonly target: SignedIn | null;
}

/** Of the CDK's own bootstrap stack: the most that the assembly asks for anywhere in its manifest. */
export const LEAST_BOOTSTRAP = 8;
const BOOTSTRAP_PARAMETER = '/cdk-bootstrap/hnb659fds/version';
const DOCKER_TIMEOUT_MS = 60_000;

/** Looks at everything; what depends on something that is missing is left out. */
export async function checkAll(plan: CheckPlan, world: CheckWorld): Promise<Checked> {
  const who = await signedIn(world);
  const ofAccount =
    who.signedIn === null
      ? []
      : [
          await bootstrapFinding(plan, world, who.signedIn),
          ...(await parameterFindings(plan, world, who.signedIn)),
        ];
  const findings = [
    cdkFinding(world),
    ...who.findings,
    ...ofAccount,
    ...(await dockerFindings(world)),
    await bundleFinding(world),
  ];
  const isReady = findings.every(({ state }) => state !== 'missing');
  return { findings, target: isReady ? who.signedIn : null };
}

function cdkFinding({ cdkVersion, wantedCdkVersion }: CheckWorld): Finding {
  const name = 'CDK command line';
  if (cdkVersion === wantedCdkVersion) return { name, state: 'ok', detail: cdkVersion };
  const detail =
    cdkVersion === null ? 'is not installed' : `${cdkVersion} is installed, not ${wantedCdkVersion}`;
  return { name, state: 'missing', detail, remedy: 'run `npm ci`' };
}

async function bootstrapFinding(
  { stage }: CheckPlan,
  { aws }: CheckWorld,
  { region, credentials, account: { account } }: SignedIn,
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
  { region, credentials }: SignedIn,
): Promise<readonly Finding[]> {
  if (parameter === null) return [];
  const name = 'Polygon key';
  // Neither an argument nor in a shell's history.
  const remedy = `read -rs KEY && printf %s "$KEY" | aws ssm put-parameter --name ${parameter} --type SecureString --value file:///dev/stdin`;
  try {
    const value = await aws.parameter(region, credentials, parameter);
    if (value === '(secret)') return [{ name, state: 'ok', detail: `${parameter} is there` }];
    const detail = value === null ? `${parameter} is not there` : `${parameter} is no SecureString`;
    return [{ name, state: 'missing', detail: `${detail}: the streamer would not start`, remedy }];
  } catch (error) {
    return [{ name, state: 'doubt', detail: `could not be looked at (${textOf(error)})`, remedy }];
  }
}

/**
 * The streamer's image is made by the deployment, for ARM64: without an emulator, because its first stage runs on the machine that
 * builds (`--platform=$BUILDPLATFORM`). Docker's old builder does not know that; those of Podman and Finch do.
 */
async function dockerFindings({ run, env }: CheckWorld): Promise<readonly Finding[]> {
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
  if (basename(command) !== 'docker') return [answers];
  const builder = await run(command, ['buildx', 'version'], { timeoutMs: DOCKER_TIMEOUT_MS });
  if (builder.code === 0) return [answers];
  const detail = 'Docker has its old builder only, which cannot make the image of the streamer';
  const remedy = 'install Docker 23 or newer, with its buildx plugin (docker-buildx-plugin or docker-buildx)';
  return [answers, { name: 'BuildKit', state: 'missing', detail, remedy }];
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

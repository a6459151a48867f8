/**
 * Whose account a command acts in, and where: what is looked at here is what the CDK is given, because it would look for
 * credentials in another order than the SDK does and might find those of another account.
 */
import type { Account, Aws, FoundCredentials } from './account.ts';
import type { Finding } from './finding.ts';

export interface SignedInWorld {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly aws: Aws;
  /** What cdk.json or ~/.cdk.json says under `profile`; null: nothing. */
  readonly cdkProfile: string | null;
  /** Epoch ms. */
  readonly now: () => number;
}

export interface SignedIn {
  readonly account: Account;
  readonly region: string;
  readonly credentials: FoundCredentials;
}

export interface SignedInChecked {
  readonly findings: readonly Finding[];
  /** Null: something is missing. */
  readonly signedIn: SignedIn | null;
}

const SIGN_IN =
  'sign in: `aws sso login` (and AWS_PROFILE), or put AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY into the environment';

/** A first deployment takes up to 20 minutes, and what the CDK was given is not renewed. */
const LEAST_MINUTES = 30;
const MINUTE_MS = 60_000;

export const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

interface Found<T> {
  readonly finding: Finding;
  readonly found: T | null;
}

/** Looks at region, credentials and account; the account only where the other two are there. */
export async function signedIn(world: SignedInWorld): Promise<SignedInChecked> {
  const region = await regionFinding(world);
  const credentials = await credentialsFinding(world);
  const findings = [region.finding, credentials.finding];
  if (region.found === null || credentials.found === null) return { findings, signedIn: null };
  const account = await accountFinding(world, region.found, credentials.found);
  return {
    findings: [...findings, account.finding],
    signedIn:
      account.found === null
        ? null
        : { account: account.found, region: region.found, credentials: credentials.found },
  };
}

async function regionFinding({ aws }: SignedInWorld): Promise<Found<string>> {
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

async function credentialsFinding({
  aws,
  env,
  cdkProfile,
  now,
}: SignedInWorld): Promise<Found<FoundCredentials>> {
  const name = 'credentials';
  if (cdkProfile !== null) {
    const detail = `cdk.json or ~/.cdk.json says profile ${cdkProfile}, which the CDK takes before all others`;
    const remedy = 'take it out there, and say AWS_PROFILE';
    return { finding: { name, state: 'missing', detail, remedy }, found: null };
  }
  const twice = signedInTwice(env);
  if (twice !== null) {
    const detail = `${twice} are both set, and tools do not agree on which one counts`;
    return { finding: { name, state: 'missing', detail, remedy: 'unset one of them' }, found: null };
  }
  try {
    const credentials = await aws.credentials();
    if (credentials === null) {
      return { finding: { name, state: 'missing', detail: 'there are none', remedy: SIGN_IN }, found: null };
    }
    return { finding: lastingFinding(name, credentials, now()), found: credentials };
  } catch (error) {
    const detail = textOf(error);
    return { finding: { name, state: 'missing', detail, remedy: remedyFor(detail, env) }, found: null };
  }
}

/** The names of two variables that may mean two accounts; null: there is one, or none. */
function signedInTwice(env: SignedInWorld['env']): string | null {
  const { AWS_PROFILE: profile, AWS_DEFAULT_PROFILE: other, AWS_ACCESS_KEY_ID: key } = env;
  if (profile && other && profile !== other) return 'AWS_PROFILE and AWS_DEFAULT_PROFILE';
  if (key && profile) return 'AWS_PROFILE and AWS_ACCESS_KEY_ID';
  return key && other ? 'AWS_DEFAULT_PROFILE and AWS_ACCESS_KEY_ID' : null;
}

function lastingFinding(name: string, { expiration }: FoundCredentials, now: number): Finding {
  if (expiration === undefined || expiration.getTime() - now >= LEAST_MINUTES * MINUTE_MS) {
    return { name, state: 'ok', detail: 'are there' };
  }
  const minutes = Math.max(0, Math.floor((expiration.getTime() - now) / MINUTE_MS));
  const detail = `end in ${minutes} minutes, and nobody renews them on the way`;
  return { name, state: 'doubt', detail, remedy: 'sign in again first' };
}

/** A code of a second device is asked for by the AWS command line; here nobody could be asked. */
function remedyFor(detail: string, env: SignedInWorld['env']): string {
  if (!/multi-factor|\bmfa\b/i.test(detail)) return SIGN_IN;
  const profile = env['AWS_PROFILE'] || env['AWS_DEFAULT_PROFILE'] || 'default';
  return (
    'let the AWS command line (version 2) ask for the code, in this shell: ' +
    `\`eval "$(aws configure export-credentials --profile ${profile} --format env)" && unset AWS_PROFILE AWS_DEFAULT_PROFILE\``
  );
}

async function accountFinding(
  { aws }: SignedInWorld,
  region: string,
  credentials: FoundCredentials,
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

/**
 * What the CDK's environment has besides that of this process (undefined: has not): region and credentials that were looked
 * at, and nothing that would lead it to others. In the environment, since arguments are for everybody on the machine to see.
 */
export const cdkEnvironment = ({
  region,
  credentials,
}: SignedIn): Readonly<Record<string, string | undefined>> => ({
  AWS_REGION: region,
  AWS_DEFAULT_REGION: region,
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  AWS_SESSION_TOKEN: credentials.sessionToken,
  // The CDK takes this one where the one above is not there.
  AMAZON_SESSION_TOKEN: undefined,
  AWS_PROFILE: undefined,
  AWS_DEFAULT_PROFILE: undefined,
  // Its `--profile`, which would come before everything.
  CDK_PROFILE: undefined,
});

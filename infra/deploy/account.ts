/**
 * What the check before a deployment asks AWS: who the credentials belong to, and whether parameters are there. Two calls, signed
 * here, so that neither the AWS command line nor more of the SDK is needed.
 */
import { SQSClient } from '@aws-sdk/client-sqs';
import { z } from 'zod';
import { type Credentials, signedHeaders } from '../../shared/adapters/gateway/sigv4.ts';

export interface Account {
  readonly account: string;
  /** Of whom the credentials are. */
  readonly arn: string;
}

export interface FoundCredentials extends Credentials {
  /** When they end; undefined: not by themselves. */
  readonly expiration?: Date | undefined;
}

export interface Aws {
  /** Of the environment or the profile; null: nobody says one. */
  region(): Promise<string | null>;
  /** Null: there are none. @throws when they cannot be read (an expired sign-in, for instance) */
  credentials(): Promise<FoundCredentials | null>;
  /** @throws Error with what AWS answered */
  whoAmI(region: string, credentials: Credentials): Promise<Account>;
  /** Value of a plain parameter, or '(secret)' of a SecureString; null: there is none. @throws as `whoAmI` */
  parameter(region: string, credentials: Credentials, name: string): Promise<string | null>;
}

const CALL_TIMEOUT_MS = 15_000;

const Identity = z.object({
  GetCallerIdentityResponse: z.object({
    GetCallerIdentityResult: z.object({ Account: z.string().regex(/^\d{12}$/), Arn: z.string() }),
  }),
});
const Parameter = z.object({ Parameter: z.object({ Type: z.string(), Value: z.string() }) });
/** JSON of SSM, and of STS with `Error` around it. */
const Refused = z.union([
  z.object({ __type: z.string() }).transform(({ __type }) => __type.split('#').at(-1) ?? __type),
  z.object({ Error: z.object({ Code: z.string() }) }).transform(({ Error: { Code } }) => Code),
]);

export interface AwsOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly ask?: typeof fetch;
  /** For tests: where a service answers. */
  readonly endpoint?: (service: 'sts' | 'ssm', region: string) => string;
}

const AWS_ENDPOINT = (service: string, region: string): string =>
  `https://${service}.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}/`;

/** Not found by the SDK's chain: no environment, no profile, no container, no instance. */
const isNone = (error: unknown): boolean =>
  error instanceof Error && /could not load credentials/i.test(error.message);

export function makeAws({ env, ask = fetch, endpoint = AWS_ENDPOINT }: AwsOptions): Aws {
  // The SDK knows the first name alone; the AWS command line and the CDK know both.
  const profile = env['AWS_PROFILE'] || env['AWS_DEFAULT_PROFILE'];
  const ofProfile = profile ? { profile } : {};
  async function call<T>(
    service: 'sts' | 'ssm',
    region: string,
    credentials: Credentials,
    body: string,
    headers: Readonly<Record<string, string>>,
    answer: z.ZodType<T>,
  ): Promise<T> {
    const url = new URL(endpoint(service, region));
    const signed = signedHeaders(
      { method: 'POST', url, body, headers },
      { region, service, credentials, now: Date.now() },
    );
    const signal = AbortSignal.timeout(CALL_TIMEOUT_MS);
    const response = await ask(url, { method: 'POST', body, headers: signed, signal });
    const text = await response.text();
    if (!response.ok) throw new AwsRefusal(service, response.status, text);
    return answer.parse(JSON.parse(text));
  }
  return {
    async region() {
      const said = env['AWS_REGION'] || env['AWS_DEFAULT_REGION'];
      if (said) return said;
      const client = new SQSClient(ofProfile);
      try {
        return await client.config.region();
      } catch (error) {
        if (error instanceof Error && /region is missing/i.test(error.message)) return null;
        throw error;
      } finally {
        client.destroy();
      }
    },
    async credentials() {
      // The region is none of theirs; the client wants one all the same.
      const client = new SQSClient({ region: 'us-east-1', ...ofProfile });
      try {
        return await client.config.credentials();
      } catch (error) {
        if (isNone(error)) return null;
        throw error;
      } finally {
        client.destroy();
      }
    },
    async whoAmI(region, credentials) {
      const body = 'Action=GetCallerIdentity&Version=2011-06-15';
      const headers = {
        'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
        accept: 'application/json',
      };
      const told = await call('sts', region, credentials, body, headers, Identity);
      const { Account: account, Arn: arn } = told.GetCallerIdentityResponse.GetCallerIdentityResult;
      return { account, arn };
    },
    async parameter(region, credentials, name) {
      const headers = {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'AmazonSSM.GetParameter',
      };
      try {
        const body = JSON.stringify({ Name: name });
        const told = await call('ssm', region, credentials, body, headers, Parameter);
        return told.Parameter.Type === 'SecureString' ? '(secret)' : told.Parameter.Value;
      } catch (error) {
        if (error instanceof AwsRefusal && error.code === 'ParameterNotFound') return null;
        throw error;
      }
    },
  };
}

/** What AWS refused, by its code; the text itself may repeat what was sent and is not shown. */
export class AwsRefusal extends Error {
  override readonly name = 'AwsRefusal';
  readonly code: string;

  constructor(service: string, status: number, text: string) {
    const code = codeOf(text);
    super(`${service.toUpperCase()} answered ${status} ${code}`);
    this.code = code;
  }
}

function codeOf(text: string): string {
  try {
    const refused = Refused.safeParse(JSON.parse(text));
    return refused.success ? refused.data : 'without a code';
  } catch {
    // XML, or a proxy's page.
    return /<Code>(\w+)<\/Code>/.exec(text)?.[1] ?? 'without a code';
  }
}

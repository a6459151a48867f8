/** `npm run deploy:sandbox` and `npm run destroy:sandbox`, with programs and AWS played by the test. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { Aws } from '../../../infra/deploy/account.ts';
import { makeAws } from '../../../infra/deploy/account.ts';
import { type DeployWorld, deploy, destroy } from '../../../infra/deploy/deploy.ts';
import { parseDeploy, parseDestroy, polygonParameter } from '../../../infra/deploy/options.ts';
import type { Outcome, Run } from '../../../infra/deploy/runner.ts';
import { run as runProgram } from '../../../infra/deploy/runner.ts';
import { CONTEXT_NAMES } from '../../../infra/stacks/context-names.ts';

const CREDENTIALS = { accessKeyId: 'AKID', secretAccessKey: 'hush' };
const NOW = Date.parse('2026-01-05T12:00:00Z');
/** What every call of the CDK gets: what was looked at, and nothing that would lead it elsewhere. */
const CDK_ENVIRONMENT = {
  AWS_REGION: 'eu-west-1',
  AWS_DEFAULT_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'AKID',
  AWS_SECRET_ACCESS_KEY: 'hush',
  AWS_SESSION_TOKEN: undefined,
  AMAZON_SESSION_TOKEN: undefined,
  AWS_PROFILE: undefined,
  AWS_DEFAULT_PROFILE: undefined,
  CDK_PROFILE: undefined,
};
const OUTPUTS = {
  'Moniqo-sandbox-api': { ApiUrl: 'https://id.example', ExportsOutputRefVpc: 'vpc-1', UserPoolId: 'pool' },
  'Moniqo-sandbox-console': { ConsoleUrl: 'https://page.example/' },
};
const STACKS = ['Moniqo-sandbox-address', 'Moniqo-sandbox-network', 'Moniqo-sandbox-data'];

const aws = (change: Partial<Aws> = {}): Aws => ({
  region: async () => 'eu-west-1',
  credentials: async () => CREDENTIALS,
  whoAmI: async () => ({ account: '123456789012', arn: 'arn:aws:iam::123456789012:user/me' }),
  parameter: async (_region, _credentials, name) => (name.startsWith('/cdk-bootstrap/') ? '33' : '(secret)'),
  ...change,
});

interface Played {
  readonly world: DeployWorld;
  readonly said: string[];
  readonly calls: { readonly line: string; readonly env: Readonly<Record<string, string | undefined>> }[];
}

const good = (stdout = ''): Outcome => ({ code: 0, stdout, stderr: '' });

/** `answers`: by the beginning of a call's line; the rest goes well. */
function played(change: Partial<DeployWorld> = {}, answers: Readonly<Record<string, Outcome>> = {}): Played {
  const said: string[] = [];
  const calls: Played['calls'] = [];
  const run: Run = async (command, args, options = {}) => {
    const line = [command.split('/').at(-1), ...args].join(' ');
    calls.push({ line, env: options.env ?? {} });
    const known = Object.entries(answers).find(([begin]) => line.startsWith(begin));
    if (known !== undefined) return known[1];
    if (line.startsWith('cdk list')) return good(`${STACKS.join('\n')}\n`);
    return good();
  };
  const world: DeployWorld = {
    env: {},
    now: () => NOW,
    context: {},
    cdkProfile: null,
    run,
    aws: aws(),
    bundle: async () => [],
    cdkVersion: '2.1148.1',
    wantedCdkVersion: '2.1148.1',
    say: (line) => said.push(line),
    ask: async () => null,
    root: '/project',
    readOutputs: () => OUTPUTS,
    ...change,
  };
  return { world, said, calls };
}

/** An environment that names two accounts, maybe; and how that is told. */
const SIGNED_IN_TWICE: [Readonly<Record<string, string>>, string][] = [
  [
    { AWS_PROFILE: 'work', AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'hush' },
    'AWS_PROFILE and AWS_ACCESS_KEY_ID',
  ],
  [
    { AWS_DEFAULT_PROFILE: 'work', AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'hush' },
    'AWS_DEFAULT_PROFILE and AWS_ACCESS_KEY_ID',
  ],
  [{ AWS_PROFILE: 'work', AWS_DEFAULT_PROFILE: 'home' }, 'AWS_PROFILE and AWS_DEFAULT_PROFILE'],
];

const PLAIN = { checkOnly: false, context: [] };
const changing = ({ calls }: Played): readonly string[] =>
  calls.flatMap(({ line }) => (/^cdk (deploy|destroy)/.test(line) ? [line] : []));

describe('the check before a deployment', () => {
  it('says what is missing, all at once, with what to do, and deploys nothing', async () => {
    const none = {
      aws: aws({ region: async () => null, credentials: async () => null }),
      bundle: async () => {
        throw new Error('Bundles too large: api');
      },
      cdkVersion: null,
    };
    const play = played(none, { 'docker info': { code: null, stdout: '', stderr: '' } });
    expect(await deploy('sandbox', PLAIN, play.world)).toBe(1);
    const text = play.said.join('\n');
    for (const part of [
      /MISSING +CDK command line +is not installed\n.*npm ci/,
      /MISSING +region +nobody says one\n.*AWS_REGION/,
      /MISSING +credentials +there are none\n.*aws sso login/,
      /MISSING +Docker +there is no docker\n.*install it/,
      /MISSING +bundles +Bundles too large: api\n/,
      /Nothing was deployed/,
    ]) {
      expect(text).toMatch(part);
    }
    expect(changing(play)).toEqual([]);
  });

  it.each([
    [
      'an account that was never bootstrapped',
      { parameter: async () => null },
      'npx cdk bootstrap aws://123456789012/eu-west-1',
    ],
    ['one bootstrapped long ago', { parameter: async () => '5' }, 'version 5 is older than'],
    [
      'credentials that have expired',
      { whoAmI: async () => Promise.reject(new Error('STS answered 403 ExpiredToken')) },
      'AWS does not take the credentials: STS answered 403 ExpiredToken',
    ],
    [
      'a sign-in that has ended',
      { credentials: async () => Promise.reject(new Error('Token is expired. Run aws sso login')) },
      'Token is expired',
    ],
    ['what is no region', { region: async () => 'Ireland' }, 'Ireland is none'],
  ] satisfies [string, Partial<Aws>, string][])('refuses %s', async (_what, change, says) => {
    const play = played({ aws: aws(change) });
    expect(await deploy('sandbox', PLAIN, play.world)).toBe(1);
    expect(play.said.join('\n')).toContain(says);
    expect(changing(play)).toEqual([]);
  });

  it.each(SIGNED_IN_TWICE)(
    'refuses two that are signed in, for the tools do not agree: %o',
    async (env, says) => {
      const play = played({ env });
      expect(await deploy('sandbox', PLAIN, play.world)).toBe(1);
      expect(play.said.join('\n')).toMatch(/MISSING +credentials +.*\n.*unset/);
      expect(play.said.join('\n')).toContain(says);
      expect(play.said.join('\n')).not.toContain('hush');
      expect(changing(play)).toEqual([]);
    },
  );

  it('refuses a profile in a file of the CDK, which would come before the credentials that were looked at', async () => {
    for (const command of [deploy, destroy]) {
      const play = played({ cdkProfile: 'home' });
      expect(await command('sandbox', { ...PLAIN, isSure: true }, play.world)).toBe(1);
      expect(play.said.join('\n')).toMatch(/MISSING +credentials +.*cdk\.json.* profile home/);
      expect(changing(play)).toEqual([]);
    }
  });

  it('takes a profile by either name, or keys', async () => {
    for (const env of [
      { AWS_PROFILE: 'work' },
      { AWS_DEFAULT_PROFILE: 'work' },
      { AWS_PROFILE: 'work', AWS_DEFAULT_PROFILE: 'work', AWS_ACCESS_KEY_ID: '' },
      { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'hush' },
    ]) {
      expect(await deploy('sandbox', { ...PLAIN, checkOnly: true }, played({ env }).world)).toBe(0);
    }
  });

  it('says how a profile is used that wants a code each time', async () => {
    const told = 'Profile work requires multi-factor authentication, but no MFA code callback was provided.';
    const play = played({
      env: { AWS_PROFILE: 'work' },
      aws: aws({ credentials: async () => Promise.reject(new Error(told)) }),
    });
    expect(await deploy('sandbox', PLAIN, play.world)).toBe(1);
    expect(play.said.join('\n')).toContain(told);
    expect(play.said.join('\n')).toContain(
      'eval "$(aws configure export-credentials --profile work --format env)" && unset AWS_PROFILE AWS_DEFAULT_PROFILE',
    );
  });

  it('doubts credentials that end before a deployment would', async () => {
    const until = (minutes: number) =>
      played({
        aws: aws({
          credentials: async () => ({ ...CREDENTIALS, expiration: new Date(NOW + minutes * 60_000) }),
        }),
      });
    const soon = until(29);
    expect(await deploy('sandbox', PLAIN, soon.world)).toBe(0);
    expect(soon.said.join('\n')).toMatch(/DOUBT +credentials +end in 29 minutes/);
    const late = until(31);
    expect(await deploy('sandbox', PLAIN, late.world)).toBe(0);
    expect(late.said.join('\n')).toMatch(/ok +credentials/);
  });

  it('refuses a Docker that does not answer and another CDK than the pinned one', async () => {
    const play = played(
      { cdkVersion: '3.0.0' },
      { 'docker info': { code: 1, stdout: '', stderr: 'daemon?' } },
    );
    expect(await deploy('sandbox', PLAIN, play.world)).toBe(1);
    expect(play.said.join('\n')).toContain('docker does not answer');
    expect(play.said.join('\n')).toContain('3.0.0 is installed, not 2.1148.1');
  });

  it('goes on where it is only in doubt, and says so', async () => {
    const refused: Partial<Aws> = {
      parameter: async () => Promise.reject(new Error('SSM answered 400 AccessDenied')),
    };
    const play = played({ aws: aws(refused) });
    expect(await deploy('sandbox', PLAIN, play.world)).toBe(0);
    const text = play.said.join('\n');
    expect(text).toMatch(/DOUBT +bootstrap +could not be looked at \(SSM answered 400 AccessDenied\)/);
    expect(changing(play)).toHaveLength(1);
  });

  it('refuses a Docker without BuildKit, on every machine', async () => {
    const play = played(
      {},
      { 'docker buildx version': { code: 1, stdout: '', stderr: 'is not a docker command' } },
    );
    expect(await deploy('sandbox', PLAIN, play.world)).toBe(1);
    expect(play.said.join('\n')).toMatch(
      /MISSING +BuildKit +.*\n.*Docker 23 or newer, with its buildx plugin/,
    );
    expect(play.said.join('\n')).not.toContain('binfmt');
    expect(changing(play)).toEqual([]);
  });

  it('asks nothing of a machine but the builder: the image needs no emulator', async () => {
    const play = played();
    expect(await deploy('sandbox', PLAIN, play.world)).toBe(0);
    const docker = play.calls.flatMap(({ line }) => (line.startsWith('docker') ? [line] : []));
    expect(docker).toEqual(['docker info', 'docker buildx version']);
    expect(play.calls.find(({ line }) => line.startsWith('cdk deploy'))?.env).toMatchObject({
      DOCKER_BUILDKIT: '1',
    });
  });

  it('takes another tool for Docker where CDK_DOCKER names one, whose builder knows what ours needs', async () => {
    const play = played({ env: { CDK_DOCKER: '/usr/bin/finch' } });
    expect(await deploy('sandbox', { ...PLAIN, checkOnly: true }, play.world)).toBe(0);
    expect(play.calls.map(({ line }) => line)).toEqual(['finch info']);
    expect(play.said.at(-1)).toContain('nothing was deployed (--check)');
  });

  it('wants the key of Polygon where the streamer needs it', async () => {
    const context = ['binance=none', 'feed=polygon'];
    const without = aws({
      parameter: async (_r, _c, name) => (name.startsWith('/cdk-bootstrap/') ? '33' : null),
    });
    const play = played({ aws: without });
    expect(await deploy('sandbox', { ...PLAIN, context }, play.world)).toBe(1);
    expect(play.said.join('\n')).toContain('/moniqo/sandbox/polygon-api-key is not there');
    // The key is neither an argument nor in a shell's history.
    expect(play.said.join('\n')).toMatch(
      /read -rs KEY && printf %s "\$KEY" \| aws ssm .* --value file:\/\/\/dev\/stdin/,
    );
    expect(polygonParameter('sandbox', ['feed=binance', 'history=polygon'], {})).not.toBeNull();
    expect(polygonParameter('sandbox', [], {})).toBeNull();
  });

  it('wants it also where cdk.json says so, which the command line comes before', async () => {
    const context = { binance: 'none', feed: 'polygon' };
    const without = aws({ parameter: async (_r, _c, name) => (name.startsWith('/cdk-') ? '33' : null) });
    const play = played({ aws: without, context });
    expect(await deploy('sandbox', PLAIN, play.world)).toBe(1);
    expect(play.said.join('\n')).toContain('/moniqo/sandbox/polygon-api-key is not there');
    expect(polygonParameter('sandbox', ['feed=synthetic'], context)).toBeNull();
    expect(polygonParameter('sandbox', ['feed=synthetic'], { history: 'polygon' })).not.toBeNull();
  });
});

describe('the deployment', () => {
  it('is of all stacks, into the region that was looked at, and says what comes next', async () => {
    const play = played();
    expect(await deploy('sandbox', { ...PLAIN, context: ['binance=none'] }, play.world)).toBe(0);
    const call = play.calls.find(({ line }) => line.startsWith('cdk deploy'));
    expect(call?.line).toBe(
      'cdk deploy --all --require-approval never --concurrency 4 ' +
        '--outputs-file /project/.moniqo/outputs-sandbox.json -c stage=sandbox -c binance=none',
    );
    expect(call?.env).toStrictEqual({ ...CDK_ENVIRONMENT, DOCKER_BUILDKIT: '1' });
    const text = play.said.join('\n');
    expect(text).toContain('npm run smoke -- --url https://id.example');
    expect(text).toContain('The console: https://page.example/');
    expect(text).not.toContain('MONIQO_TOKEN=...');
    expect(text).toContain('UserPoolId');
    expect(text).not.toContain('ExportsOutput');
    expect(text).not.toContain('hush');
  });

  it('that fails says so', async () => {
    const play = played({}, { 'cdk deploy': { code: 1, stdout: '', stderr: '' } });
    expect(await deploy('sandbox', PLAIN, play.world)).toBe(1);
    expect(play.said.at(-1)).toContain('The deployment failed');
  });
});

describe('taking it down', () => {
  const ASKING = { isSure: false, context: [] };

  it('asks for the name of the stage, and does nothing without it', async () => {
    for (const answer of [null, '', 'prod']) {
      const play = played({ ask: async () => answer });
      expect(await destroy('sandbox', ASKING, play.world)).toBe(1);
      expect(changing(play)).toEqual([]);
      expect(play.said.at(-1)).toBe('Nothing was taken down.');
    }
  });

  it('leaves the fixed address', async () => {
    const play = played({ ask: async () => 'sandbox' });
    expect(await destroy('sandbox', ASKING, play.world)).toBe(0);
    expect(changing(play)).toEqual([
      'cdk destroy Moniqo-sandbox-network Moniqo-sandbox-data --exclusively --force -c stage=sandbox',
    ]);
    expect(play.said.join('\n')).toContain('Moniqo-sandbox-address: the fixed address');
  });

  it('is of the account that it names: the CDK gets the credentials that were looked at, and no other', async () => {
    const session = { ...CREDENTIALS, sessionToken: 'token' };
    const play = played({ aws: aws({ credentials: async () => session }) });
    expect(await destroy('sandbox', { ...ASKING, isSure: true }, play.world)).toBe(0);
    const cdk = play.calls.filter(({ line }) => line.startsWith('cdk '));
    expect(cdk.map(({ line }) => line.split(' ')[1])).toEqual(['list', 'destroy']);
    for (const { line, env } of cdk) {
      expect(env).toStrictEqual({ ...CDK_ENVIRONMENT, AWS_SESSION_TOKEN: 'token' });
      expect(line).not.toMatch(/hush|AKID|token/);
    }
    expect(play.said.join('\n')).not.toMatch(/hush|token/);
  });

  it.each(SIGNED_IN_TWICE)('does nothing where two are signed in: %o', async (env, says) => {
    const play = played({ env });
    expect(await destroy('sandbox', { ...ASKING, isSure: true }, play.world)).toBe(1);
    expect(play.said.join('\n')).toContain(says);
    expect(play.calls).toEqual([]);
  });

  it('does nothing where the stacks cannot be listed, or nobody is signed in', async () => {
    const unknown = played({}, { 'cdk list': { code: 1, stdout: '', stderr: '' } });
    expect(await destroy('sandbox', { ...ASKING, isSure: true }, unknown.world)).toBe(1);
    const nobody = played({ aws: aws({ credentials: async () => null }) });
    expect(await destroy('sandbox', { ...ASKING, isSure: true }, nobody.world)).toBe(1);
    expect([...changing(unknown), ...changing(nobody)]).toEqual([]);
  });
});

describe('the command lines', () => {
  it('are of the sandbox alone', () => {
    expect(parseDeploy(['--check', '--context', 'binance=none', '--context', 'feed=synthetic'])).toEqual({
      checkOnly: true,
      context: ['binance=none', 'feed=synthetic'],
    });
    expect(parseDestroy(['--yes'])).toEqual({ isSure: true, context: [] });
    expect(parseDeploy(['--help'])).toBeNull();
    expect(() => parseDeploy(['--context', 'stage=prod'])).toThrow('of the sandbox');
    expect(() => parseDestroy(['--context', 'prod'])).toThrow('NAME=VALUE');
    for (const parse of [parseDeploy, parseDestroy]) {
      expect(() => parse(['--context', 'alarm-mail=you@example.com'])).toThrow(
        /alarm-mail is no setting; known are .*alarm-email/,
      );
    }
    const all = CONTEXT_NAMES.filter((name) => name !== 'stage').map((name) => `${name}=x`);
    expect(parseDeploy(all.flatMap((one) => ['--context', one]))?.context).toEqual(all);
    expect(() => parseDeploy(['prod'])).toThrow('unknown option prod');
  });
});

describe('what AWS is asked', () => {
  const asked: { url: string; headers: Headers; body: string }[] = [];
  const answering =
    (status: number, body: unknown): typeof fetch =>
    async (url, init) => {
      asked.push({ url: String(url), headers: new Headers(init?.headers), body: String(init?.body) });
      return new Response(JSON.stringify(body), { status });
    };

  it('is who the credentials belong to', async () => {
    const answer = {
      GetCallerIdentityResponse: {
        GetCallerIdentityResult: {
          Account: '123456789012',
          Arn: 'arn:aws:iam::123456789012:user/me',
          UserId: 'x',
        },
      },
    };
    const real = makeAws({ env: {}, ask: answering(200, answer) });
    expect(await real.whoAmI('eu-west-1', CREDENTIALS)).toEqual({
      account: '123456789012',
      arn: 'arn:aws:iam::123456789012:user/me',
    });
    const { url, headers, body } = asked.at(-1) ?? { url: '', headers: new Headers(), body: '' };
    expect(url).toBe('https://sts.eu-west-1.amazonaws.com/');
    expect(body).toBe('Action=GetCallerIdentity&Version=2011-06-15');
    expect(headers.get('authorization')).toContain('/eu-west-1/sts/aws4_request');
    expect(JSON.stringify([...headers])).not.toContain('hush');
  });

  it('is a parameter, whose secret stays where it is', async () => {
    const parameter = (status: number, body: unknown) =>
      makeAws({ env: {}, ask: answering(status, body) }).parameter('eu-west-1', CREDENTIALS, '/p');
    expect(await parameter(200, { Parameter: { Type: 'String', Value: '33' } })).toBe('33');
    expect(await parameter(200, { Parameter: { Type: 'SecureString', Value: 'cipher' } })).toBe('(secret)');
    expect(await parameter(400, { __type: 'com.amazonaws.ssm#ParameterNotFound' })).toBeNull();
    await expect(parameter(400, { __type: 'AccessDeniedException' })).rejects.toThrow(
      'SSM answered 400 AccessDeniedException',
    );
    expect(asked.at(-1)?.headers.get('authorization')).toContain('x-amz-target');
  });

  it('is with the credentials and the region of the profile that the environment names', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'moniqo-profiles-'));
    try {
      const config =
        '[profile work]\nregion = eu-north-1\naws_access_key_id = OFWORK\naws_secret_access_key = hush\n';
      await writeFile(join(folder, 'config'), config);
      vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'config'));
      vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder, 'none'));
      vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
      for (const name of ['AWS_PROFILE', 'AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'])
        vi.stubEnv(name, undefined);
      for (const env of [{ AWS_DEFAULT_PROFILE: 'work' }, { AWS_PROFILE: 'work' }]) {
        const real = makeAws({ env });
        expect(await real.credentials()).toMatchObject({ accessKeyId: 'OFWORK' });
        expect(await real.region()).toBe('eu-north-1');
      }
    } finally {
      vi.unstubAllEnvs();
      await rm(folder, { recursive: true });
    }
  });

  it('is nothing where the environment says the region', async () => {
    expect(await makeAws({ env: { AWS_DEFAULT_REGION: 'eu-central-1' } }).region()).toBe('eu-central-1');
  });
});

describe('a program', () => {
  it('is there or not, ends well or not', async () => {
    expect(await runProgram('no-such-program-of-ours', [])).toEqual({ code: null, stdout: '', stderr: '' });
    expect(await runProgram(process.execPath, ['-e', 'console.log(1); process.exit(3)'])).toMatchObject({
      code: 3,
      stdout: '1\n',
    });
    vi.stubEnv('MONIQO_OF_THE_PARENT', 'there');
    const print = ['-e', 'console.log([process.env.MONIQO_OF_THE_PARENT, process.env.MONIQO_GIVEN])'];
    const env = { MONIQO_OF_THE_PARENT: undefined, MONIQO_GIVEN: 'yes' };
    expect((await runProgram(process.execPath, print, { env })).stdout).toBe("[ undefined, 'yes' ]\n");
    vi.unstubAllEnvs();
    const args = ['-e', 'setTimeout(() => {}, 10000)'];
    expect((await runProgram(process.execPath, args, { timeoutMs: 200 })).code).toBe(1);
  });
});

/**
 * The programs the project takes from the machine: Java 17 or newer (DynamoDB Local) and, for the tests
 * that need them, redis-server and Chromium. When one is missing it is installed through the system's package manager if
 * that works without a password; otherwise the one command to run is told. Nothing else is ever installed
 * outside the project folder.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';

const JAVA_MINIMUM = 17;
const PROBE_TIMEOUT_MS = 20_000;
const INSTALL_TIMEOUT_MS = 10 * 60_000;

export interface Ran {
  readonly ok: boolean;
  /** stdout and stderr together: `java -version` answers on stderr. */
  readonly output: string;
}

/** What set-up needs of the machine; tests bring their own. */
export interface Machine {
  run(command: string, args: readonly string[], timeoutMs: number): Promise<Ran>;
  readonly isRoot: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  say(line: string): void;
}

export class SetupError extends Error {
  override readonly name = 'SetupError';
}

const thisMachine: Machine = {
  run: (command, args, timeoutMs) =>
    new Promise((done) => {
      const options = {
        timeout: timeoutMs,
        maxBuffer: 64 * 1024 * 1024,
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      };
      execFile(command, args, options, (error, stdout, stderr) =>
        done({ ok: error === null, output: `${stdout}${stderr}` }),
      );
    }),
  isRoot: process.getuid?.() === 0,
  environment: process.env,
  say: (line) => process.stderr.write(`${line}\n`),
};

interface Manager {
  readonly command: string;
  readonly needsRoot: boolean;
  /** Run once before an installation; a failure is not final, the lists may be good enough. */
  readonly refresh: readonly string[] | undefined;
  readonly install: readonly string[];
}

const MANAGERS: readonly Manager[] = [
  {
    command: 'apt-get',
    needsRoot: true,
    refresh: ['update'],
    install: ['install', '-y', '--no-install-recommends'],
  },
  { command: 'dnf', needsRoot: true, refresh: undefined, install: ['install', '-y'] },
  { command: 'brew', needsRoot: false, refresh: undefined, install: ['install'] },
];

interface Program {
  readonly title: string;
  readonly purpose: string;
  /** Package names per manager, the first that installs is taken. */
  readonly packages: Readonly<Record<string, readonly string[]>>;
  find(machine: Machine): Promise<string | undefined>;
}

const BREW_JAVA = [
  '/opt/homebrew/opt/openjdk@17/bin/java',
  '/usr/local/opt/openjdk@17/bin/java',
  '/home/linuxbrew/.linuxbrew/opt/openjdk@17/bin/java',
];

const java: Program = {
  title: `Java ${JAVA_MINIMUM} or newer`,
  purpose: 'DynamoDB Local runs on it',
  packages: {
    'apt-get': ['openjdk-17-jre-headless', 'default-jre-headless'],
    dnf: ['java-17-openjdk-headless', 'java-21-openjdk-headless', 'java-latest-openjdk-headless'],
    brew: ['openjdk@17'],
  },
  async find(machine) {
    const home = machine.environment['JAVA_HOME'];
    const candidates = [...(home ? [join(home, 'bin', 'java')] : []), 'java', ...BREW_JAVA];
    for (const candidate of candidates) {
      const { ok, output } = await machine.run(candidate, ['-version'], PROBE_TIMEOUT_MS);
      if (ok && javaMajor(output) >= JAVA_MINIMUM) return candidate;
    }
    return undefined;
  },
};

/** The major version in the answer of `java -version`; 0 when there is none. Java 8 calls itself 1.8. */
export function javaMajor(output: string): number {
  const [, first = '0', second = '0'] = /version "(\d+)(?:\.(\d+))?/.exec(output) ?? [];
  return Number(first) === 1 ? Number(second) : Number(first);
}

const redis: Program = {
  title: 'redis-server (or valkey-server)',
  purpose: 'the tests of the cache scripts run on it',
  packages: { 'apt-get': ['redis-server'], dnf: ['valkey', 'redis'], brew: ['redis'] },
  async find(machine) {
    for (const candidate of ['valkey-server', 'redis-server']) {
      const { ok } = await machine.run(candidate, ['--version'], PROBE_TIMEOUT_MS);
      if (ok) return candidate;
    }
    return undefined;
  },
};

/** In this order: `google-chrome` and the others are found on the PATH, the last ones where macOS keeps applications. */
const BROWSERS = [
  ...['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'],
  ...['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

const chromium: Program = {
  title: 'Chromium',
  purpose: 'the tests of the console run in it',
  packages: {
    'apt-get': ['chromium', 'chromium-browser'],
    dnf: ['chromium'],
    brew: ['--cask chromium'],
  },
  async find(machine) {
    const named = machine.environment['CHROMIUM'];
    for (const candidate of named ? [named] : BROWSERS) {
      // On Ubuntu chromium-browser may be a script that only says how to get it: that is no Chromium.
      const { ok, output } = await machine.run(candidate, ['--version'], PROBE_TIMEOUT_MS);
      if (ok && /\b(Chromium|Chrome)\b.* \d+\./.test(output)) return candidate;
    }
    return undefined;
  },
};

/**
 * Java's command, installed if need be.
 * @throws SetupError with the command to run by hand
 */
export const ensureJava = (machine: Machine = thisMachine): Promise<string> => ensure(java, machine);

/**
 * The command of a real Redis or Valkey server, installed if need be.
 * @throws SetupError with the command to run by hand
 */
export const ensureRedisServer = (machine: Machine = thisMachine): Promise<string> => ensure(redis, machine);

/** The command of an installed Redis or Valkey server; never installs. */
export const findRedisServer = (machine: Machine = thisMachine): Promise<string | undefined> =>
  redis.find(machine);

/**
 * Chromium's command, installed if need be. With CHROMIUM in the environment it is that one or none.
 * @throws SetupError with the command to run by hand
 */
export const ensureChromium = (machine: Machine = thisMachine): Promise<string> => ensure(chromium, machine);

/** The command of an installed Chromium; never installs. */
export const findChromium = (machine: Machine = thisMachine): Promise<string | undefined> =>
  chromium.find(machine);

async function ensure(program: Program, machine: Machine): Promise<string> {
  const present = await program.find(machine);
  if (present !== undefined) return present;
  machine.say(`${program.title} is not installed (${program.purpose}).`);
  const manager = await firstManager(machine);
  if (!manager) {
    throw new SetupError(
      `${program.title} is missing: please install it, no known package manager was found.`,
    );
  }
  const packages = program.packages[manager.command] ?? [];
  const prefix = await privilege(manager, machine);
  if (prefix === undefined) throw new SetupError(byHand(program, manager, packages));
  const [tool = manager.command, ...lead] = [...prefix, manager.command];
  if (manager.refresh) await machine.run(tool, [...lead, ...manager.refresh], INSTALL_TIMEOUT_MS);
  for (const name of packages) {
    const words = [...lead, ...manager.install, ...name.split(' ')];
    machine.say(`Installing it: ${[tool, ...words].join(' ')}`);
    const { ok } = await machine.run(tool, words, INSTALL_TIMEOUT_MS);
    if (!ok) continue;
    const found = await program.find(machine);
    if (found !== undefined) return found;
    // Another package would be installed just as much, and found as little.
    throw new SetupError(`${program.title} is installed (${name}) but not on the PATH: please add it.`);
  }
  throw new SetupError(byHand(program, manager, packages));
}

function byHand(program: Program, manager: Manager, packages: readonly string[]): string {
  const command = [...(manager.needsRoot ? ['sudo'] : []), manager.command, 'install', packages[0]].join(' ');
  return `${program.title} is missing and could not be installed by itself. Please run:\n  ${command}`;
}

async function firstManager(machine: Machine): Promise<Manager | undefined> {
  for (const manager of MANAGERS) {
    if ((await machine.run(manager.command, ['--version'], PROBE_TIMEOUT_MS)).ok) return manager;
  }
  return undefined;
}

/** The words to put before the manager so that it may install without a password; undefined when it may not. */
async function privilege(manager: Manager, machine: Machine): Promise<readonly string[] | undefined> {
  if (!manager.needsRoot || machine.isRoot) return [];
  return (await machine.run('sudo', ['-n', 'true'], PROBE_TIMEOUT_MS)).ok ? ['sudo', '-n'] : undefined;
}

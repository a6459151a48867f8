import { describe, expect, it } from 'vitest';
import {
  ensureChromium,
  ensureJava,
  ensureRedisServer,
  findChromium,
  javaMajor,
  type Machine,
  SetupError,
} from '../../../infra/local/setup.ts';

interface Fake {
  /** Commands (with their first argument) that succeed, and what they print. */
  readonly works: Record<string, string>;
  readonly isRoot?: boolean;
  /** Done after a command ran: an installation makes something work. */
  readonly after?: (command: string, works: Record<string, string>) => void;
}

function machine({ works, isRoot = false, after }: Fake): Machine & { ran: string[]; said: string[] } {
  const ran: string[] = [];
  const said: string[] = [];
  return {
    ran,
    said,
    isRoot,
    environment: {},
    say: (line) => said.push(line),
    async run(command, args) {
      const line = [command, ...args].join(' ');
      ran.push(line);
      after?.(line, works);
      const output = works[line];
      return { ok: output !== undefined, output: output ?? '' };
    },
  };
}

const JAVA_17 = 'openjdk version "17.0.15" 2025-04-15';
const APT = { 'apt-get --version': 'apt 2.6.1' };
const installs = (package_: string) => (line: string, works: Record<string, string>) => {
  if (!line.endsWith(`apt-get install -y --no-install-recommends ${package_}`)) return;
  works[line] = '';
  works['java -version'] = JAVA_17;
};

describe('Java', () => {
  it('reads versions old and new', () => {
    expect([
      javaMajor(JAVA_17),
      javaMajor('java version "1.8.0_401"'),
      javaMajor('openjdk version "21" 2023'),
      javaMajor(''),
    ]).toEqual([17, 8, 21, 0]);
  });

  it('takes the one that is there and installs nothing', async () => {
    const here = machine({ works: { 'java -version': JAVA_17 } });
    expect(await ensureJava(here)).toBe('java');
    expect(here.ran).toEqual(['java -version']);
  });

  it('installs as root, saying so', async () => {
    const here = machine({ works: { ...APT }, isRoot: true, after: installs('openjdk-17-jre-headless') });
    expect(await ensureJava(here)).toBe('java');
    expect(here.said.join('\n')).toContain('Java 17 or newer is not installed');
    expect(here.ran).toContain('apt-get update');
  });

  it('installs through sudo when that asks for no password, taking the next package when the first is unknown', async () => {
    const here = machine({ works: { ...APT, 'sudo -n true': '' }, after: installs('default-jre-headless') });
    expect(await ensureJava(here)).toBe('java');
    expect(here.ran).toContain('sudo -n apt-get install -y --no-install-recommends openjdk-17-jre-headless');
  });

  it('tells the one command to run when sudo wants a password, and runs none', async () => {
    const here = machine({ works: { ...APT, 'java -version': 'openjdk version "11.0.2"' } });
    await expect(ensureJava(here)).rejects.toThrow(SetupError);
    await expect(ensureJava(here)).rejects.toThrow('sudo apt-get install openjdk-17-jre-headless');
    expect(here.ran.filter((line) => line.includes('install'))).toEqual([]);
  });

  it('uses brew without root, and finds what brew keeps off the PATH', async () => {
    const here = machine({
      works: { 'brew --version': 'Homebrew 5' },
      after: (line, works) => {
        if (line !== 'brew install openjdk@17') return;
        works[line] = '';
        works['/opt/homebrew/opt/openjdk@17/bin/java -version'] = JAVA_17;
      },
    });
    expect(await ensureJava(here)).toBe('/opt/homebrew/opt/openjdk@17/bin/java');
  });

  it('says so when there is no package manager', async () => {
    await expect(ensureJava(machine({ works: {} }))).rejects.toThrow(/no known package manager/);
  });
});

describe('a Redis server', () => {
  it('prefers Valkey', async () => {
    const works = { 'valkey-server --version': 'v=8', 'redis-server --version': 'v=7' };
    expect(await ensureRedisServer(machine({ works }))).toBe('valkey-server');
  });
});

describe('Chromium', () => {
  const says = (candidate: string) => ({
    [`${candidate} --version`]: 'Chromium 147.0.7700.0 built on Debian',
  });

  it('takes the one that the environment names, and no other', async () => {
    const works = { ...says('/usr/bin/chromium'), '/opt/own/chrome --version': 'Google Chrome 146.0.1.2' };
    const named = (CHROMIUM: string) => ({ ...machine({ works }), environment: { CHROMIUM } });
    expect(await findChromium(named('/opt/own/chrome'))).toBe('/opt/own/chrome');
    expect(await findChromium(named('/opt/none'))).toBeUndefined();
  });

  it('is not a script that only tells how to get it', async () => {
    const works = {
      '/usr/bin/chromium-browser --version': 'This requires the chromium snap to be installed.',
      ...says('google-chrome'),
    };
    expect(await findChromium(machine({ works }))).toBe('google-chrome');
  });

  it('is installed where that works, as an application where brew installs it', async () => {
    const apt = machine({
      works: { ...APT },
      isRoot: true,
      after: (line, works) => {
        if (line === 'apt-get install -y --no-install-recommends chromium')
          Object.assign(works, { [line]: '' }, says('/usr/bin/chromium'));
      },
    });
    expect(await ensureChromium(apt)).toBe('/usr/bin/chromium');
    const brew = machine({ works: { 'brew --version': 'Homebrew 5' } });
    await expect(ensureChromium(brew)).rejects.toThrow('brew install --cask chromium');
    expect(brew.ran).toContain('brew install --cask chromium');
  });
});

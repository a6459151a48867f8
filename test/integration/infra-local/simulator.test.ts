/** How the runner starts the simulator: what it reads, what it refuses, and that keys go into no log. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Logs } from '../../../infra/local/processes/logs.ts';
import { simulatorEnvironment, startSimulator } from '../../../infra/local/services/simulator.ts';
import { alive } from './processes.ts';

const READY = {
  ready: true,
  restUrl: 'http://127.0.0.1:1',
  wsApiUrl: 'ws://127.0.0.1:2/ws-api/v3',
  streamUrl: 'ws://127.0.0.1:3',
  controlUrl: 'http://127.0.0.1:4',
  accounts: [{ uid: 1, keyType: 'hmac', apiKey: 'THE-KEY', secret: 'THE-SECRET' }],
};

let directory: string;
let logs: Logs;
const shown: string[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'moniqo-simulator-'));
  shown.length = 0;
  logs = new Logs({ directory: join(directory, 'logs'), verbose: true, show: (line) => shown.push(line) });
});

afterEach(async () => {
  await logs.close();
  rmSync(directory, { recursive: true, force: true });
});

/** A program that writes this line on stdout, one on stderr, and goes on until it is stopped. */
function program(line: string, then = 'setInterval(() => undefined, 1000);'): string {
  const file = join(directory, 'main.mjs');
  writeFileSync(
    file,
    `import { writeFileSync } from 'node:fs';
writeFileSync(${JSON.stringify(join(directory, 'argv.json'))}, JSON.stringify({ argv: process.argv.slice(2), env: process.env }));
console.error('it says something');
process.stdout.write(${JSON.stringify(`${line}\n`)});
${then}\n`,
  );
  return file;
}

const logged = (): string => {
  const folder = join(directory, 'logs');
  return readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
};

describe('the simulator beside the system', () => {
  it('is ready with its first line; addresses go to functions, keys into no log', async () => {
    const main = program(JSON.stringify(READY));
    const simulator = await startSimulator({
      logs,
      main,
      prices: 'redis://127.0.0.1:5',
      args: ['--seed', '2'],
    });
    try {
      expect(simulator).toMatchObject({ restUrl: READY.restUrl, accounts: READY.accounts });
      expect(simulatorEnvironment(simulator)).toEqual({
        BINANCE_ENVIRONMENT: 'binance_simulator',
        BINANCE_REST_URL: READY.restUrl,
        BINANCE_WS_API_URL: READY.wsApiUrl,
        BINANCE_STREAM_URL: READY.streamUrl,
      });
      const told = JSON.parse(readFileSync(join(directory, 'argv.json'), 'utf8'));
      expect(told.argv).toEqual([
        ...['--port', '0', '--json', '--prices', 'redis://127.0.0.1:5'],
        ...['--seed', '2'],
      ]);
      expect(Object.keys(told.env)).not.toContain('HOME');
    } finally {
      await simulator.stop();
    }
    expect(alive([simulator.pid])).toEqual([]);
    await logs.close();
    expect(logged()).toContain('it says something');
    expect(`${logged()} ${shown.join('\n')}`).not.toMatch(/THE-KEY|THE-SECRET/);
  });

  it('is stopped and refused, without its keys, when its line is not as agreed', async () => {
    const main = program(JSON.stringify({ ...READY, restUrl: 'nowhere' }));
    const refused = startSimulator({ logs, main });
    await expect(refused).rejects.toThrow(/first line of the simulator/);
    await expect(refused).rejects.not.toThrow(/THE-/);
  });

  it('is told of when it ends at once, or says nothing', async () => {
    await expect(startSimulator({ logs, main: program('', 'process.exit(3);') })).rejects.toThrow(
      /first line|ended while starting \(code 3\)/,
    );
    const silent = program('').replace('main', 'silent');
    writeFileSync(silent, 'setInterval(() => undefined, 1000);\n');
    await expect(startSimulator({ logs, main: silent, readyTimeoutMs: 500 })).rejects.toThrow(
      /not ready within 500 ms/,
    );
  });
});

/**
 * Cold starts: each deployed bundle in fresh processes of this Node, with the environment that the template gives it. Nothing
 * answers where that environment points to: what a module does before its first event must need nobody.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BUNDLE_ENTRIES, MAX_BUNDLE_BYTES, STREAMER } from '../../../infra/bundle/entries.ts';
import { containerEnvironment, functionEnvironment } from '../../../infra/local/functions/environment.ts';
import { Logs } from '../../../infra/local/processes/logs.ts';
import { nodeBinary } from '../../../infra/local/processes/node-binary.ts';
import { synthesise } from '../../../infra/local/services/synth.ts';
import type { DeclaredSystem } from '../../../infra/local/template/declared.ts';
import { readSystem } from '../../../infra/local/template/read-system.ts';

/** What one process said of its own start. */
export interface ColdStart {
  readonly initMs: number;
  readonly coreMs: number;
  readonly hasHandler: boolean;
  /** Kinds of connections that were open, or being opened, when the module was there. */
  readonly connections: readonly string[];
}

/** A bundle, and how it is started. */
export interface Deployed {
  readonly name: string;
  readonly runsOn: 'lambda' | 'fargate';
  readonly file: string;
  /** Name of its export; `-`: a program, which has none. */
  readonly handler: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly bytes: number;
  readonly maxBytes: number;
}

export interface ColdFigures {
  readonly of: Deployed;
  readonly starts: readonly ColdStart[];
}

const INIT_TIMEOUT_MS = 60_000;

/** Nothing listens on the discard port. */
const NOWHERE = 'http://127.0.0.1:9';
const ENDPOINTS = {
  sqsEndpoint: NOWHERE,
  dynamoEndpoint: NOWHERE,
  apiEndpoint: NOWHERE,
  cacheHost: '127.0.0.1',
  cachePort: 9,
  keyFile: '/nowhere',
  exchange: {},
};

/** Bundles and synthesises below `directory`. */
export async function deployedIn(
  directory: string,
  note: (line: string) => void,
): Promise<readonly Deployed[]> {
  const logs = new Logs({ directory: join(directory, 'logs'), verbose: false, show: note });
  try {
    const assembly = await synthesise(directory, logs, () => undefined);
    return deployedBy(readSystem(assembly, ENDPOINTS));
  } finally {
    await logs.close();
  }
}

function deployedBy({ functions, containers }: DeclaredSystem): readonly Deployed[] {
  return BUNDLE_ENTRIES.map(({ name, runsOn }) => {
    const found = runsOn === 'lambda' ? functionOf(functions, name) : containerOf(containers, name);
    const bytes = statSync(found.file).size;
    return { name, runsOn, ...found, bytes, maxBytes: MAX_BUNDLE_BYTES[runsOn] };
  });
}

function functionOf(functions: DeclaredSystem['functions'], name: string) {
  const declared = functions.find((one) => one.environment['POWERTOOLS_SERVICE_NAME'] === name);
  if (declared === undefined) throw new Error(`the template declares no function of the bundle ${name}`);
  const [module = '', handler = ''] = declared.handler.split('.');
  return {
    file: join(declared.codeDirectory, `${module}.mjs`),
    handler,
    environment: functionEnvironment(declared, ENDPOINTS, {}),
  };
}

function containerOf(containers: DeclaredSystem['containers'], name: string) {
  const declared = containers.find(({ shortName }) => shortName === name || name === STREAMER);
  if (declared === undefined) throw new Error(`the template declares no container of the bundle ${name}`);
  return {
    file: join(declared.directory, 'index.mjs'),
    handler: '-',
    environment: containerEnvironment(declared.environment, [], ENDPOINTS, {}),
  };
}

/**
 * Starts each `runs` times, by turns, so that what else the machine does meanwhile meets all of them; before that once, for
 * the file system.
 */
export async function measureCold(
  deployed: readonly Deployed[],
  runs: number,
  note: (line: string) => void,
): Promise<readonly ColdFigures[]> {
  const starts = new Map<string, ColdStart[]>(deployed.map(({ name }) => [name, []]));
  for (let run = 0; run <= runs; run++) {
    for (const one of deployed) {
      const told = await startOnce(one);
      if (run > 0) starts.get(one.name)?.push(told);
    }
    if (run > 0) note(`${run} of ${runs} starts of each bundle ...`);
  }
  return deployed.map((of) => ({ of, starts: starts.get(of.name) ?? [] }));
}

async function startOnce({ name, file, handler, environment }: Deployed): Promise<ColdStart> {
  const child = fork(fileURLToPath(new URL('./cold-child.ts', import.meta.url)), [file, handler], {
    // Kept compiled code would make a warm start of it.
    env: { ...environment, NODE_COMPILE_CACHE: undefined },
    execPath: nodeBinary(),
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    timeout: INIT_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  const told = new Promise<ColdStart>((resolve, reject) => {
    child.once('message', (message) => resolve(message as ColdStart));
    child.once('exit', (code, signal) => {
      // A last message may still be on its way.
      setImmediate(() => reject(new Error(`${name} does not load: ended with ${code ?? signal}`)));
    });
  });
  const start = await told;
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return start;
}

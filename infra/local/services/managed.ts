/** What AWS and the outside are on this machine, and the assembly: started side by side, stopped one after the other. */

import type { Program } from '../processes/child.ts';
import { stopChild } from '../processes/child.ts';
import type { Logs } from '../processes/logs.ts';
import { type Assembly, loadAssembly } from '../template/assembly.ts';
import { consolePage } from './console-page.ts';
import { type LocalDynamo, startDynamo } from './dynamodb.ts';
import { type LocalPolygon, startPolygonSimulator } from './polygon-simulator.ts';
import { type LocalRedis, startRedis } from './redis.ts';
import { type LocalSimulator, startSimulator } from './simulator.ts';
import { type LocalSqs, startSqs } from './sqs.ts';
import { synthesise } from './synth.ts';

/** Together with what runs on them below 5 s. */
const GRACE_MS = 1_500;

export interface ManagedOptions {
  readonly runDirectory: string;
  readonly dataDirectory: string | undefined;
  readonly redis: 'in-process' | undefined;
  readonly assembly: Assembly | string | undefined;
  /** Undefined: none is wanted. */
  readonly simulator: SimulatorOptions | undefined;
  /** Undefined: none is wanted. */
  readonly polygon: PolygonOptions | undefined;
  readonly lasting: boolean | undefined;
  /** The console's: none, the project's own (built if need be), or a folder where one is. */
  readonly page: 'none' | 'own' | (string & {});
}

export interface PolygonOptions {
  /** It follows what the system has of Binance. */
  readonly followsPrices: boolean;
}

export interface SimulatorOptions {
  /** It follows the system's prices, unless the system follows its stream. */
  readonly followsPrices: boolean;
  readonly args: readonly string[] | undefined;
}

export interface Started {
  readonly dynamo: LocalDynamo;
  readonly sqs: LocalSqs;
  readonly redis: LocalRedis;
  readonly simulator: LocalSimulator | null;
  readonly polygon: LocalPolygon | null;
  readonly assembly: Assembly;
  /** The folder of the console's page. */
  readonly page: string | null;
}

interface Service {
  readonly name: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export class ManagedServices {
  readonly #logs: Logs;
  /** In the order in which they came up. */
  readonly #services: Service[] = [];
  /** What works for a while and ends: the synthesis, the build of the console. */
  readonly #builds: Program[] = [];

  constructor(logs: Logs) {
    this.#logs = logs;
  }

  /** If one fails, the others are waited for, then it is thrown. */
  async start(options: ManagedOptions): Promise<Started> {
    const fail = (error: unknown): never => {
      for (const build of this.#builds) build.kill();
      throw error;
    };
    const [dynamo, sqs, cache, assembly, page] = await Promise.allSettled([
      this.#dynamo(options).catch(fail),
      this.#sqs().catch(fail),
      this.#cache(options).catch(fail),
      this.#assembly(options),
      this.#page(options).catch(fail),
    ]);
    return {
      dynamo: answerOf(dynamo),
      sqs: answerOf(sqs),
      ...answerOf(cache),
      assembly: answerOf(assembly),
      page: answerOf(page),
    };
  }

  get running(): readonly { readonly name: string; readonly pid: number }[] {
    return this.#services.map(({ name, pid }) => ({ name, pid }));
  }

  /** One for each service that came up. */
  stop(): readonly Promise<void>[] {
    return this.#services.map((service) => service.stop());
  }

  async #dynamo({ dataDirectory: directory, lasting }: ManagedOptions): Promise<LocalDynamo> {
    const dynamo = await startDynamo(this.#logs, { directory, lasting });
    const { program } = dynamo;
    this.#services.push({ name: 'dynamodb', pid: program.pid, stop: () => program.stop(GRACE_MS) });
    return dynamo;
  }

  async #sqs(): Promise<LocalSqs> {
    const sqs = await startSqs(this.#logs);
    const { child } = sqs;
    this.#services.push({ name: 'sqs', pid: child.pid ?? 0, stop: () => stopChild(child, GRACE_MS) });
    return sqs;
  }

  async #cache({
    redis: choice,
    simulator,
    polygon,
  }: ManagedOptions): Promise<Pick<Started, 'redis' | 'simulator' | 'polygon'>> {
    const redis = await startRedis(this.#logs, choice);
    this.#services.push({
      name: 'redis',
      get pid() {
        return redis.pid;
      },
      stop: () => redis.stop(GRACE_MS),
    });
    return {
      redis,
      simulator: simulator === undefined ? null : await this.#simulator(redis, simulator),
      polygon: polygon === undefined ? null : await this.#polygon(redis, polygon),
    };
  }

  async #polygon(redis: LocalRedis, { followsPrices }: PolygonOptions): Promise<LocalPolygon> {
    const polygon = await startPolygonSimulator({
      logs: this.#logs,
      prices: followsPrices ? urlOf(redis) : undefined,
      // Whoever tries it out on a Sunday wants to see stocks all the same.
      args: ['--always-open'],
    });
    this.#services.push({ name: 'polygon', pid: polygon.pid, stop: () => polygon.stop(GRACE_MS) });
    return polygon;
  }

  async #simulator(redis: LocalRedis, { followsPrices, args }: SimulatorOptions): Promise<LocalSimulator> {
    const simulator = await startSimulator({
      logs: this.#logs,
      prices: followsPrices ? urlOf(redis) : undefined,
      ...(args === undefined ? {} : { args }),
    });
    this.#services.push({ name: 'simulator', pid: simulator.pid, stop: () => simulator.stop(GRACE_MS) });
    return simulator;
  }

  async #page({ page }: ManagedOptions): Promise<string | null> {
    if (page === 'none') return null;
    if (page !== 'own') return page;
    return consolePage(this.#logs, (program) => {
      this.#builds.push(program);
    });
  }

  #assembly({ assembly: given, runDirectory }: ManagedOptions): Promise<Assembly> {
    if (typeof given === 'string') return loadAssembly(given);
    if (given !== undefined) return Promise.resolve(given);
    return synthesise(runDirectory, this.#logs, (program) => {
      this.#builds.push(program);
    });
  }
}

const urlOf = ({ host, port }: LocalRedis): string => `redis://${host}:${port}`;

/** What a step answered. @throws what it failed with */
function answerOf<T>(step: PromiseSettledResult<T>): T {
  if (step.status === 'rejected') throw step.reason;
  return step.value;
}

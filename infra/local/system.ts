/**
 * The whole system on this machine, as the synthesised template declares it (design section 19). Used by
 * `npm start`, the demo, the benchmarks and the tests.
 *
 * Always true:
 * - what runs comes from the template; only addresses differ from AWS;
 * - when `startSystem` fails, nothing it started is left; when this process dies, its children end by themselves;
 * - all ports are free ones, so systems can run side by side.
 */

import { join } from 'node:path';
import { createKeyFile } from '../../shared/adapters/keys/key-file.ts';
import { keyFileIn, useDataDirectory } from './data-directory.ts';
import {
  containerEnvironment,
  type Endpoints,
  type Environment,
  functionEnvironment,
} from './functions/environment.ts';
import { FunctionProcess } from './functions/function-process.ts';
import { ConsoleServer } from './http/console-server.ts';
import { Gateway } from './http/gateway.ts';
import { createIssuer, DEFAULT_EXPIRY_SECONDS, type Issuer, type TokenRequest } from './http/issuer.ts';
import { SocketGateway } from './http/socket-gateway.ts';
import {
  type ConsoleOptions,
  DEFAULT_PORT,
  type ExchangeChoice,
  type FeedOptions,
  feedEnvironment,
  feedSecrets,
} from './options.ts';
import { isBinanceFirst } from './polygon-choice.ts';
import { Logs } from './processes/logs.ts';
import { ContainerProcess } from './services/containers.ts';
import { createTables, dynamoClient } from './services/dynamodb.ts';
import { ManagedServices, type PolygonOptions, type SimulatorOptions } from './services/managed.ts';
import { type LocalPolygon, polygonEnvironment } from './services/polygon-simulator.ts';
import type { LocalRedis } from './services/redis.ts';
import { type LocalSimulator, simulatorEnvironment } from './services/simulator.ts';
import { createQueues, sqsClient } from './services/sqs.ts';
import { Schedule } from './sources/schedule.ts';
import { type Intercept, SqsPoller } from './sources/sqs-poller.ts';
import { StreamPoller } from './sources/stream-poller.ts';
import type { Assembly } from './template/assembly.ts';
import type { DeclaredSystem } from './template/declared.ts';
import { readSystem } from './template/read-system.ts';
import { createRunDirectory, logDirectory, noteRunning, removeRunDirectory } from './workspace.ts';

/** Streamer and functions first, then what they talk to. */
const WORKERS_GRACE_MS = 2_500;

const DEMO_USER = 'demo-user';
const NO_CLIENT = 'local-client';

export interface SystemOptions extends FeedOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** Keeps the tables here over a restart; default: in memory. */
  readonly dataDirectory?: string;
  /** It runs for minutes, not seconds: its database is compiled for speed (services/dynamodb.ts). */
  readonly lasting?: boolean;
  /** Where `binance` wallets trade; default: nowhere, only the demo wallet is served. */
  readonly exchange?: ExchangeChoice;
  /** The web page: default none. `dist`: a page that is built already; default: the project's own, built if need be. */
  readonly console?: ConsoleOptions & { readonly dist?: string };
  /** For tests: more options of the simulator's own. */
  readonly simulatorArgs?: readonly string[];
  /** An assembly that is there already (or its folder); default: bundled and synthesised from the sources. */
  readonly assembly?: Assembly | string;
  readonly verbose?: boolean;
  /** Default: below .moniqo. */
  readonly logDirectory?: string;
  /** Where warnings, errors and lifecycle lines go; default stderr. */
  readonly show?: (line: string) => void;
  /** `in-process` takes js-redis-server even where a real one is installed. */
  readonly redis?: 'in-process';
  /** For tests: extra environment by short name (`evaluate`, `streamer`), `*` for all. */
  readonly environment?: Readonly<Record<string, Environment>>;
  /** For tests: what becomes of each message on its way from a queue to its function. */
  readonly intercept?: Intercept;
}

export interface RunningSystem {
  /** Where the web page is: e.g. http://127.0.0.1:8788; null where none was asked for. */
  readonly console: string | null;
  /** e.g. http://127.0.0.1:8787 */
  readonly api: string;
  /** Where events are followed: e.g. ws://127.0.0.1:8787/push; null where the template has no WebSocket API. */
  readonly push: string | null;
  /** For user `demo-user`, 24 h. */
  readonly token: string;
  readonly valkeyUrl: string;
  readonly redisKind: LocalRedis['kind'];
  /** Addresses, and accounts with their keys; null where it was not asked for. */
  readonly simulator: SimulatorAccess | null;
  /** Addresses and keys of the Polygon simulator; null where none was started. */
  readonly polygon: PolygonAccess | null;
  readonly dynamoEndpoint: string;
  readonly sqsEndpoint: string;
  /** By short name (`submit`). */
  readonly queueUrls: Readonly<Record<string, string>>;
  readonly tableNames: Readonly<Record<string, string>>;
  readonly declared: DeclaredSystem;
  issueToken(request: TokenRequest): Promise<string>;
  /** The processes that run now. */
  pids(): readonly { readonly name: string; readonly pid: number }[];
  /** Calls a function directly, as a test event would. @throws InvocationError */
  invoke(functionName: string, event: unknown): Promise<unknown>;
  /** Fires every scheduled rule once, now. */
  fireRules(): void;
  /** SIGKILL; it is started again as after a crash. @throws when there is no such function */
  killFunction(functionName: string): void;
  /** Resolves when the function takes invocations (again). @throws when there is no such function */
  functionReady(functionName: string): Promise<void>;
  killStreamer(): void;
  /** Kills and starts it again at once. */
  restartStreamer(): Promise<void>;
  /** SIGKILL; resolves when the cache is there again, empty. @throws where it runs in process (`redisKind`) */
  crashCache(): Promise<void>;
  stop(): Promise<void>;
}

export type SimulatorAccess = Omit<LocalSimulator, 'pid' | 'stop'>;
export type PolygonAccess = Omit<LocalPolygon, 'pid' | 'stop'>;

/**
 * Starts everything and resolves when the API answers.
 * @throws PortTakenError, SetupError (Java), TemplateError, or what a part said when it did not start
 */
export async function startSystem(options: SystemOptions = {}): Promise<RunningSystem> {
  if (options.dataDirectory !== undefined) useDataDirectory(options.dataDirectory);
  const runDirectory = createRunDirectory();
  const show = options.show ?? ((line: string) => process.stderr.write(`${line}\n`));
  const directory = options.logDirectory;
  // The port decides the log folder, and a taken port must be found before anything is started.
  const early = new Logs({ directory: directory ?? join(runDirectory, 'logs'), verbose: false, show });
  const gateway = new Gateway(early);
  const page = options.console === undefined ? null : new ConsoleServer(early);
  let api: string;
  let consoleUrl: string | null = null;
  try {
    api = await gateway.listen(options.port ?? 0);
    if (page !== null) consoleUrl = await page.listen(options.console?.port ?? 0);
  } catch (error) {
    await gateway.close();
    await early.close();
    removeRunDirectory(runDirectory);
    throw error;
  }
  const logs = new Logs({
    directory: directory ?? logDirectory(Number(new URL(api).port), DEFAULT_PORT),
    verbose: options.verbose ?? false,
    show,
  });
  const places = { gateway, api, page, consoleUrl };
  const system = new System(options, places, logs, async () => {
    await early.close();
    await logs.close();
    removeRunDirectory(runDirectory);
  });
  try {
    await system.start(runDirectory);
  } catch (error) {
    await system.stop().catch((failure: unknown) => show(`stopping failed: ${String(failure)}`));
    throw error;
  }
  return system;
}

/** Ports that were taken before anything else. */
interface Places {
  readonly gateway: Gateway;
  readonly api: string;
  readonly page: ConsoleServer | null;
  readonly consoleUrl: string | null;
}

class System implements RunningSystem {
  readonly console: string | null;
  readonly api: string;
  token = '';
  valkeyUrl = '';
  redisKind: LocalRedis['kind'] = 'server';
  simulator: SimulatorAccess | null = null;
  polygon: PolygonAccess | null = null;
  dynamoEndpoint = '';
  sqsEndpoint = '';
  queueUrls: Readonly<Record<string, string>> = {};
  tableNames: Readonly<Record<string, string>> = {};
  #declared: DeclaredSystem | undefined;
  readonly #options: SystemOptions;
  readonly #gateway: Gateway;
  readonly #page: ConsoleServer | null;
  readonly #logs: Logs;
  readonly #cleanUp: () => Promise<void>;
  readonly #functions: FunctionProcess[] = [];
  readonly #containers: ContainerProcess[] = [];
  readonly #pollers: (SqsPoller | StreamPoller)[] = [];
  readonly #schedules: Schedule[] = [];
  readonly #managed: ManagedServices;
  #crashCache: LocalRedis['crash'] = null;
  #clients: { destroy(): void }[] = [];
  #issuer: Issuer | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: SystemOptions, places: Places, logs: Logs, cleanUp: () => Promise<void>) {
    this.#options = options;
    this.#gateway = places.gateway;
    this.api = places.api;
    this.#page = places.page;
    this.console = places.consoleUrl;
    this.#logs = logs;
    this.#managed = new ManagedServices(logs);
    this.#cleanUp = cleanUp;
  }

  get push(): string | null {
    const { socketApi } = this.declared;
    return socketApi === undefined ? null : `${this.api.replace(/^http/, 'ws')}/${socketApi.stage}`;
  }

  get declared(): DeclaredSystem {
    if (!this.#declared) throw new Error('the system has not started');
    return this.#declared;
  }

  async start(runDirectory: string): Promise<void> {
    const keyFile = keyFileIn(this.#options.dataDirectory ?? runDirectory);
    await createKeyFile(keyFile);
    const { dynamo, sqs, redis, assembly, simulator, polygon, page } = await this.#managed.start({
      runDirectory,
      dataDirectory: this.#options.dataDirectory,
      lasting: this.#options.lasting,
      redis: this.#options.redis,
      assembly: this.#options.assembly,
      simulator: this.#simulatorOptions(),
      polygon: this.#polygonOptions(),
      page: this.#page === null ? 'none' : (this.#options.console?.dist ?? 'own'),
    });
    this.simulator = simulator;
    this.polygon = polygon;
    this.#crashCache = redis.crash;
    const endpoints: Endpoints = {
      sqsEndpoint: sqs.endpoint,
      cacheHost: redis.host,
      cachePort: redis.port,
      apiEndpoint: this.api,
      dynamoEndpoint: dynamo.endpoint,
      keyFile,
      exchange: this.#exchangeEnvironment(simulator),
    };
    const declared = readSystem(assembly, endpoints);
    this.#declared = declared;
    if (declared.notRun.length > 0) {
      this.#logs.write(
        'system',
        'warn',
        `declared, but not run on this machine: ${declared.notRun.join(', ')}`,
      );
    }
    this.dynamoEndpoint = dynamo.endpoint;
    this.sqsEndpoint = sqs.endpoint;
    this.valkeyUrl = `redis://${redis.host}:${redis.port}`;
    this.redisKind = redis.kind;
    this.queueUrls = Object.fromEntries(declared.queues.map(({ shortName, url }) => [shortName, url]));
    this.tableNames = Object.fromEntries(declared.tables.map(({ shortName, name }) => [shortName, name]));
    await Promise.all([
      createTables(dynamo.endpoint, declared.tables),
      createQueues(sqs.endpoint, declared.queues),
      this.#startFunctions(declared, endpoints),
      this.#openIssuer(declared),
    ]);
    this.#startSources(declared, sqs.endpoint, dynamo.endpoint);
    await this.#startContainers(declared, endpoints, polygon === null ? {} : polygonEnvironment(polygon));
    if (declared.api && this.#issuer) {
      const functions = new Map(this.#functions.map((one) => [one.declared.name, one]));
      const { socketApi } = declared;
      const sockets = socketApi && new SocketGateway({ api: socketApi, functions, logs: this.#logs });
      const consoleOrigins = this.#page?.origins ?? [];
      this.#gateway.open({ api: declared.api, functions, issuer: this.#issuer, sockets, consoleOrigins });
      this.#openConsole(page);
    }
    noteRunning(runDirectory, { api: this.api, sqsEndpoint: sqs.endpoint });
    for (const schedule of this.#schedules) schedule.start();
  }

  #openConsole(dist: string | null): void {
    if (this.#page === null || dist === null) return;
    const { push } = this;
    if (push === null) throw new Error('the console needs a WebSocket API, and the template declares none');
    this.#page.open({
      dist,
      api: this.api,
      push,
      signIn: async () => ({
        token: await this.issueToken({ sub: DEMO_USER }),
        seconds: DEFAULT_EXPIRY_SECONDS,
      }),
    });
  }

  #simulatorOptions(): SimulatorOptions | undefined {
    const { exchange, feed, simulatorArgs } = this.#options;
    if (exchange !== 'simulator') return undefined;
    return { followsPrices: !isBinanceFirst(feed), args: simulatorArgs };
  }

  #polygonOptions(): PolygonOptions | undefined {
    const { polygon, feed } = this.#options;
    return polygon === 'simulator' ? { followsPrices: isBinanceFirst(feed) } : undefined;
  }

  #exchangeEnvironment(simulator: LocalSimulator | null): Environment {
    if (simulator !== null) return simulatorEnvironment(simulator);
    const { exchange } = this.#options;
    return exchange === undefined ? {} : { BINANCE_ENVIRONMENT: exchange };
  }

  async #openIssuer({ api }: DeclaredSystem): Promise<void> {
    const clientId = api?.routes.find((route) => route.authorizer)?.authorizer?.audience[0] ?? NO_CLIENT;
    const scopes = new Set(api?.routes.flatMap(({ authorizer }) => authorizer?.scopes ?? []));
    this.#issuer = await createIssuer(`${this.api}/local-issuer`, clientId, [...scopes]);
    // The owner's: everything that the README, the demo and the console do.
    this.token = await this.#issuer.issue({ sub: DEMO_USER });
  }

  #overrides(name: string): Environment {
    return { ...this.#options.environment?.['*'], ...this.#options.environment?.[name] };
  }

  async #startFunctions(declared: DeclaredSystem, endpoints: Endpoints): Promise<void> {
    for (const one of declared.functions) {
      const environment = functionEnvironment(one, endpoints, this.#overrides(one.shortName));
      this.#functions.push(new FunctionProcess(one, environment, this.#logs));
    }
    await Promise.all(this.#functions.map((one) => one.start()));
  }

  #startSources(declared: DeclaredSystem, sqsEndpoint: string, dynamoEndpoint: string): void {
    const client = sqsClient(sqsEndpoint);
    this.#clients.push(client);
    const queues = new Map(declared.queues.map((queue) => [queue.arn, queue]));
    const byName = new Map(this.#functions.map((one) => [one.declared.name, one]));
    for (const source of declared.queueSources) {
      const queue = queues.get(source.queueArn);
      const target = byName.get(source.functionName);
      if (!queue || !target) throw new Error(`a source of ${source.functionName} names what is not declared`);
      const deadLetterUrl =
        queue.deadLetterArn === undefined ? undefined : queues.get(queue.deadLetterArn)?.url;
      const { intercept } = this.#options;
      const poller = new SqsPoller({
        source,
        queue,
        deadLetterUrl,
        target,
        client,
        logs: this.#logs,
        intercept,
      });
      this.#pollers.push(poller);
      poller.start();
    }
    const dynamo = dynamoClient(dynamoEndpoint);
    this.#clients.push(dynamo);
    for (const source of declared.streamSources) {
      const table = declared.tables.find(({ name }) => name === source.tableName);
      const target = byName.get(source.functionName);
      if (!table || !target) throw new Error(`a source of ${source.functionName} names what is not declared`);
      const { onFailureArn } = source;
      const failureUrl = onFailureArn === undefined ? undefined : queues.get(onFailureArn)?.url;
      const poller = new StreamPoller({
        ...{ source, shortName: table.shortName, target, dynamo, failureUrl, sqs: client },
        endpoint: dynamoEndpoint,
        logs: this.#logs,
      });
      this.#pollers.push(poller);
      poller.start();
    }
    const functions = new Map(this.#functions.map((one) => [one.declared.arn, one]));
    for (const rule of declared.rules) {
      this.#schedules.push(new Schedule({ rule, functions, queues, client, logs: this.#logs }));
    }
  }

  async #startContainers(
    declared: DeclaredSystem,
    endpoints: Endpoints,
    polygon: Environment,
  ): Promise<void> {
    for (const container of declared.containers) {
      const feed = { ...feedEnvironment(this.#options), ...polygon };
      const overrides = { ...feed, ...this.#overrides(container.shortName) };
      const environment = containerEnvironment(
        container.environment,
        [...container.secrets, ...feedSecrets(this.#options)],
        endpoints,
        overrides,
      );
      for (let copy = 1; copy <= container.count; copy += 1) {
        const name = container.count === 1 ? container.shortName : `${container.shortName}-${copy}`;
        this.#containers.push(new ContainerProcess(name, container, environment, this.#logs));
      }
    }
    await Promise.all(this.#containers.map((one) => one.start()));
  }

  issueToken(request: TokenRequest): Promise<string> {
    if (!this.#issuer) throw new Error('the system has not started');
    return this.#issuer.issue(request);
  }

  pids(): readonly { readonly name: string; readonly pid: number }[] {
    const workers = [
      ...this.#functions.map((one) => ({ name: one.declared.shortName, pid: one.pid })),
      ...this.#containers.map((one) => ({ name: one.name, pid: one.pid })),
    ];
    const running = workers.flatMap(({ name, pid }) => (pid === undefined ? [] : [{ name, pid }]));
    return [...this.#managed.running, ...running];
  }

  invoke(functionName: string, event: unknown): Promise<unknown> {
    return this.#function(functionName).invoke(event);
  }

  fireRules(): void {
    for (const schedule of this.#schedules) schedule.fire();
  }

  killFunction(functionName: string): void {
    this.#function(functionName).kill();
  }

  functionReady(functionName: string): Promise<void> {
    return this.#function(functionName).ready();
  }

  killStreamer(): void {
    for (const container of this.#containers) container.kill();
  }

  async restartStreamer(): Promise<void> {
    await Promise.all(this.#containers.map((container) => container.restart()));
  }

  async crashCache(): Promise<void> {
    if (this.#crashCache === null) throw new Error('the cache of this system has no server of its own');
    await this.#crashCache();
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Each step is taken whatever became of the ones before; what failed is told at the end. */
  async #stop(): Promise<void> {
    const failures: unknown[] = [];
    const step = async (...work: readonly Promise<void>[]): Promise<void> => {
      for (const one of await Promise.allSettled(work))
        if (one.status === 'rejected') failures.push(one.reason);
    };
    for (const schedule of this.#schedules) schedule.stop();
    await step(
      this.#gateway.close(),
      ...(this.#page === null ? [] : [this.#page.close()]),
      ...this.#pollers.map((poller) => poller.stop()),
    );
    await step(
      ...this.#functions.map((one) => one.stop(WORKERS_GRACE_MS)),
      ...this.#containers.map((one) => one.stop(WORKERS_GRACE_MS)),
    );
    for (const client of this.#clients) client.destroy();
    await step(...this.#managed.stop());
    await step(this.#cleanUp());
    if (failures.length > 0) throw new AggregateError(failures, failures.map(String).join('; '));
  }

  #function(name: string): FunctionProcess {
    const found = this.#functions.find(
      ({ declared }) => declared.shortName === name || declared.name === name,
    );
    if (!found) {
      const names = this.#functions.map(({ declared }) => declared.shortName).join(', ');
      throw new Error(`no function ${name}; there are: ${names}`);
    }
    return found;
  }
}

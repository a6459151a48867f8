/**
 * The whole system as one CDK app. The CDK command line and the laptop call the same function, so both read
 * the same templates. Needs no credentials, no Docker and no network.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Tags } from 'aws-cdk-lib';
import { z } from 'zod';
import { fullScope, SCOPES } from '../../shared/http/scopes.ts';
import { bundle, DEFAULT_DIST, PROJECT_ROOT } from '../bundle/bundle.ts';
import { REDIRECT_PATH } from '../console/config.ts';
import { ensureConsole } from '../console/ensure.ts';
import { acknowledgeAccepted } from './accepted.ts';
import { AddressStack } from './address-stack.ts';
import { ApiStack, signInDomain } from './api-stack.ts';
import { CacheStack } from './cache-stack.ts';
import { ConsoleFilesStack } from './console-files-stack.ts';
import { ConsoleStack } from './console-stack.ts';
import { type ContextName, checkContextNames } from './context-names.ts';
import { DataStack } from './data-stack.ts';
import { MonitoringStack } from './monitoring/monitoring-stack.ts';
import { type AlarmRecipients, parseRecipients } from './monitoring/recipients.ts';
import { NetworkStack } from './network-stack.ts';
import { OrdersStack } from './orders-stack.ts';
import { PushStack } from './push-stack.ts';
import { QueuesStack } from './queues-stack.ts';
import { ReconcileStack } from './reconcile-stack.ts';
import type { Platform } from './service-function.ts';
import {
  parseBinance,
  parseConsole,
  parseConsoleDomain,
  parseCorsOrigins,
  parseHistory,
  parseMachineClients,
  parseStage,
  parseSweepShards,
  parseUserDataShards,
  parseZones,
  type Settings,
  type Stage,
  settingsFor,
} from './settings.ts';
import { StreamerStack } from './streamer-stack.ts';
import { SymbolsStack } from './symbols-stack.ts';
import { TriggersStack } from './triggers-stack.ts';

export interface AppOptions {
  /** Where the assembly is written; default: what the CDK command line says, else a temporary folder. */
  readonly outdir?: string;
  /** Default: the context's `stage` (`cdk synth -c stage=prod`). */
  readonly stage?: Stage;
  /** Default: the context's `feed`. */
  readonly feed?: string;
  /** Overrides for cdk.json's context. */
  readonly context?: Readonly<Record<string, unknown>>;
  /** Folder with the bundles; default `dist` in the project. */
  readonly distDir?: string;
}

/**
 * Declares all stacks. The bundles must be in place (infra/bundle).
 * @throws Error for an unknown stage, a setting that cannot be, or one under a name that nobody reads
 */
export function buildApp(options: AppOptions = {}): App {
  const { outdir, stage, feed, context, distDir = DEFAULT_DIST } = options;
  const app = new App({
    ...(outdir === undefined ? {} : { outdir }),
    analyticsReporting: false,
    context: { ...projectContext(), ...LIKE_THE_COMMAND_LINE },
    postCliContext: {
      ...context,
      ...(stage === undefined ? {} : { stage }),
      ...(feed === undefined ? {} : { feed }),
    },
  });
  checkContextNames(Object.keys(app.node.getAllContext()));
  const said = (name: ContextName): unknown => app.node.tryGetContext(name);
  const settings = settingsFor(parseStage(said('stage')), {
    feed: z.string().min(1).optional().parse(said('feed')),
    symbols: z.string().optional().parse(said('symbols')),
    feedVariables: feedVariablesOf(said),
    history: parseHistory(said('history')),
    binance: parseBinance(said('binance')),
    corsOrigins: parseCorsOrigins(said('cors-origins')),
    hasConsole: parseConsole(said('console')),
    consoleDomain: parseConsoleDomain(said('console-domain'), said('console-certificate')),
    requestsPerMinute: z.string().optional().parse(said('requests-per-minute')),
    auditDays: z.coerce.number().int().positive().optional().parse(said('audit-days')),
    sweepShards: parseSweepShards(said('sweep-shards')),
    userDataShards: parseUserDataShards(said('user-data-shards')),
    machineClients: parseMachineClients(said('machine-clients')),
    zones: parseZones(said('zones')),
    distDir,
  });
  addStacks(app, settings, parseRecipients(said));
  acknowledgeAccepted(app);
  tag(app, settings);
  return app;
}

/** By which the bill is read, and whoever finds a resource learns whose it is. */
function tag(app: App, { stage }: Settings): void {
  Tags.of(app).add('application', 'moniqo');
  Tags.of(app).add('stage', stage);
}

/** What the context says of the streamer's sources, and under which name it is told; the streamer checks the values. */
const FEED_CONTEXT = [
  ['policies', 'FEED_POLICIES'],
  ['polygon-ws-url', 'POLYGON_WS_URL'],
  ['polygon-rest-url', 'POLYGON_REST_URL'],
  ['polygon-requests-per-minute', 'POLYGON_REQUESTS_PER_MINUTE'],
] as const satisfies readonly (readonly [ContextName, string])[];

function feedVariablesOf(said: (name: ContextName) => unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(
    FEED_CONTEXT.flatMap(([name, variable]) => {
      const value = said(name);
      return value === undefined || value === '' ? [] : [[variable, z.coerce.string().parse(value)]];
    }),
  );
}

/** Bundles and synthesises; answers the assembly's folder. For callers that have no CDK command line. */
export async function synthesize(outdir: string, options: Omit<AppOptions, 'outdir'> = {}): Promise<string> {
  const { distDir = DEFAULT_DIST } = options;
  const isPageWanted = parseConsole(options.context?.['console' satisfies ContextName]);
  await Promise.all([
    bundle({ distDir }),
    ...(isPageWanted ? [ensureConsole(join(distDir, 'console'))] : []),
  ]);
  return buildApp({ ...options, outdir }).synth().directory;
}

function addStacks(app: App, settings: Settings, recipients: AlarmRecipients): void {
  const id = (name: string) => `Moniqo-${settings.stage}-${name}`;
  const { allocationIds } = new AddressStack(app, id('address'), { settings });
  const network = new NetworkStack(app, id('network'), { settings, allocationIds });
  const data = new DataStack(app, id('data'), { settings });
  const { queues } = new QueuesStack(app, id('queues'), { stage: settings.stage });
  const { vpc, appSecurityGroup } = network;
  const { cache, watched } = new CacheStack(app, id('cache'), { settings, vpc, appSecurityGroup });
  const platform: Platform = {
    settings,
    vpc,
    appSecurityGroup,
    queues,
    tables: data.tables,
    walletKey: data.walletKey,
    cache,
  };
  const streamer = new StreamerStack(app, id('streamer'), { platform });
  const orders = new OrdersStack(app, id('orders'), { platform });
  const triggers = new TriggersStack(app, id('triggers'), { platform });
  const symbols = new SymbolsStack(app, id('symbols'), { platform });
  const reconcile = new ReconcileStack(app, id('reconcile'), { platform });
  const place = settings.hasConsole
    ? new ConsoleStack(app, id('console'), { settings, signInDomain: signInDomain(settings) })
    : undefined;
  const api = new ApiStack(app, id('api'), { platform, consoleOrigin: place?.origin });
  const push = new PushStack(app, id('push'), { platform, users: api.users });
  if (place !== undefined) addConsoleFiles(app, id('console-files'), settings, { place, api, push });
  new MonitoringStack(app, id('monitoring'), {
    settings,
    recipients,
    watched: {
      queues,
      dispatchDeadLetters: triggers.dispatchDeadLetters,
      publishDeadLetters: push.deadLetters,
      functions: {
        api: api.fn,
        docs: api.docs,
        ...orders.functions,
        ...triggers.functions,
        symbols: symbols.fn,
        reconcile: reconcile.fn,
        ...push.functions,
      },
      tables: data.tables,
      httpApi: api.api,
      socketApi: push.api,
      cache: watched,
      streamers: streamer.services,
    },
  });
}

function addConsoleFiles(
  app: App,
  id: string,
  settings: Settings,
  { place, api, push }: { place: ConsoleStack; api: ApiStack; push: PushStack },
): void {
  const client = api.consoleClient;
  if (client === undefined) throw new Error('the API knows no console');
  const domain = signInDomain(settings);
  new ConsoleFilesStack(app, id, {
    settings,
    bucket: place.bucket,
    connect: [api.api.apiEndpoint, push.api.apiEndpoint, domain],
    config: {
      stage: settings.stage,
      api: `${api.api.apiEndpoint}/api/v1`,
      push: push.url,
      sign_in: {
        kind: 'cognito',
        domain,
        client_id: client.userPoolClientId,
        scopes: SCOPES.map(fullScope),
        redirect_path: REDIRECT_PATH,
      },
    },
  });
}

/** The command line sets these by itself; without them the templates would not say where their assets are. */
const LIKE_THE_COMMAND_LINE = {
  'aws:cdk:enable-asset-metadata': true,
  'aws:cdk:enable-path-metadata': true,
};

const CdkJson = z.object({ context: z.record(z.string(), z.unknown()) });

function projectContext(): Record<string, unknown> {
  return CdkJson.parse(JSON.parse(readFileSync(join(PROJECT_ROOT, 'cdk.json'), 'utf8'))).context;
}

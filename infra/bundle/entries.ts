/**
 * What is deployed: every function and the streamer, by name (design section 2).
 *
 * A name is the folder of its bundle (`dist/<name>`), the function's name in the stacks and in the laptop's
 * log lines.
 */
export const FUNCTION_ENTRIES = {
  api: 'functions/api/handler.ts',
  submit: 'functions/submit/handler.ts',
  exits: 'functions/exits/handler.ts',
  executions: 'functions/executions/handler.ts',
  dispatch: 'functions/triggers/dispatch.ts',
  evaluate: 'functions/triggers/evaluate.ts',
  symbols: 'functions/symbols/handler.ts',
  reconcile: 'functions/reconcile/handler.ts',
  publish: 'functions/publish/stream.ts',
  socket: 'functions/publish/socket.ts',
  webhooks: 'functions/publish/webhooks.ts',
  prices: 'functions/publish/prices.ts',
  docs: 'functions/docs/handler.ts',
} as const satisfies Record<string, string>;

export type FunctionName = keyof typeof FUNCTION_ENTRIES;

/** What lies beside a function's bundle. */
const COPIES: { readonly [Name in FunctionName]?: readonly string[] } = { docs: ['docs/openapi.json'] };

/** The always-on process; its image is built from the same folder, with the Dockerfile beside the bundle. */
export const STREAMER_ENTRY = 'functions/streamer/main.ts';
export const STREAMER_DOCKERFILE = 'functions/streamer/Dockerfile';
const STREAMER_HEALTH = 'functions/streamer/health.sh';
export const STREAMER = 'streamer';

export interface BundleEntry {
  readonly name: string;
  /** Path from the project's root. */
  readonly entry: string;
  /** Files copied unchanged beside the bundle, as paths from the project's root. */
  readonly copy: readonly string[];
  readonly runsOn: 'lambda' | 'fargate';
}

/**
 * Largest bundles in bytes, without source map. A function's is the design's (section 22): each cold start loads it.
 * The streamer is a container that is loaded once per deployment; it holds what every function has and sockets,
 * signing and KMS besides, so it may be half as large again.
 */
export const MAX_BUNDLE_BYTES: Readonly<Record<BundleEntry['runsOn'], number>> = {
  lambda: 1_000_000,
  fargate: 1_500_000,
};

/** All entries, the streamer last. */
export const BUNDLE_ENTRIES: readonly BundleEntry[] = [
  ...Object.entries(FUNCTION_ENTRIES).map(([name, entry]) => ({
    name,
    entry,
    copy: COPIES[name as FunctionName] ?? [],
    runsOn: 'lambda' as const,
  })),
  { name: STREAMER, entry: STREAMER_ENTRY, copy: [STREAMER_DOCKERFILE, STREAMER_HEALTH], runsOn: 'fargate' },
];

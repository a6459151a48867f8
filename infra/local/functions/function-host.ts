/**
 * The process of one Lambda function: imports the deployed bundle and answers invocations sent over IPC.
 *
 * Several invocations may run in it at once, where Lambda would use several environments. It says so the way
 * Lambda's own multi-concurrent environments do (AWS_LAMBDA_MAX_CONCURRENCY and a per-invocation store), so
 * the SDK's trace header and Powertools' keys stay with their invocation.
 * Arguments: path of the bundle, name of the export. Ends itself when the channel to its parent closes.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { pathToFileURL } from 'node:url';
import type { ErrorReport, HostMessage, InvokeMessage } from './protocol.ts';

type Handler = (event: unknown, context: unknown) => Promise<unknown>;
type Scope = Record<string | symbol, unknown>;

process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
process.on('SIGINT', () => {
  // Ctrl-C reaches the whole terminal group; the parent decides about the order.
});

const scopes = new AsyncLocalStorage<Scope>();
const KEY = {
  requestId: Symbol.for('_AWS_LAMBDA_REQUEST_ID'),
  trace: Symbol.for('_AWS_LAMBDA_X_RAY_TRACE_ID'),
  tenant: Symbol.for('_AWS_LAMBDA_TENANT_ID'),
  traceparent: Symbol.for('_AWS_LAMBDA_TRACEPARENT'),
  tracestate: Symbol.for('_AWS_LAMBDA_TRACESTATE'),
  baggage: Symbol.for('_AWS_LAMBDA_BAGGAGE'),
};

/** The store that Lambda's runtime offers to the SDK and to Powertools. */
const invokeStore = {
  getContext: () => scopes.getStore(),
  hasContext: () => scopes.getStore() !== undefined,
  get: (key: string | symbol) => scopes.getStore()?.[key],
  set(key: string | symbol, value: unknown): void {
    const scope = scopes.getStore();
    if (!scope) throw new Error('No context available');
    scope[key] = value;
  },
  run: <Result>(scope: Scope, work: () => Result): Result => scopes.run(scope, work),
  getRequestId: () => scopes.getStore()?.[KEY.requestId] ?? '-',
  getXRayTraceId: () => scopes.getStore()?.[KEY.trace],
  getTenantId: () => scopes.getStore()?.[KEY.tenant],
  getTraceparent: () => scopes.getStore()?.[KEY.traceparent],
  getTracestate: () => scopes.getStore()?.[KEY.tracestate],
  getBaggage: () => scopes.getStore()?.[KEY.baggage],
};
Object.assign(globalThis, { awslambda: { InvokeStore: invokeStore } });

const send = (message: HostMessage): void => {
  process.send?.(message);
};

function report(error: unknown): ErrorReport {
  if (error instanceof Error) {
    return {
      errorType: error.name,
      errorMessage: error.message,
      stackTrace: (error.stack ?? '').split('\n').slice(1),
    };
  }
  return { errorType: typeof error, errorMessage: String(error), stackTrace: [] };
}

function contextOf({ id, deadline }: InvokeMessage): unknown {
  const functionName = process.env['AWS_LAMBDA_FUNCTION_NAME'];
  return {
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: process.env['MONIQO_FUNCTION_ARN'],
    memoryLimitInMB: process.env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE'],
    awsRequestId: id,
    logGroupName: process.env['AWS_LAMBDA_LOG_GROUP_NAME'],
    logStreamName: process.env['AWS_LAMBDA_LOG_STREAM_NAME'],
    callbackWaitsForEmptyEventLoop: false,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

async function invoke(handler: Handler, message: InvokeMessage): Promise<void> {
  const scope = { [KEY.requestId]: message.id, [KEY.trace]: message.trace };
  try {
    const value = await scopes.run(scope, () => handler(message.event, contextOf(message)));
    send({ type: 'result', id: message.id, value: value ?? null });
  } catch (error) {
    send({ type: 'error', id: message.id, error: report(error) });
  }
}

async function load(file: string, name: string): Promise<Handler> {
  const module: Record<string, unknown> = await import(pathToFileURL(file).href);
  const handler = module[name];
  if (typeof handler !== 'function') throw new Error(`${file} exports no function ${name}`);
  return handler as Handler;
}

const [file, name] = process.argv.slice(2);
if (file === undefined || name === undefined) throw new Error('usage: function-host BUNDLE EXPORT');
try {
  const handler = await load(file, name);
  process.on('message', (message: InvokeMessage) => {
    void invoke(handler, message);
  });
  send({ type: 'ready' });
} catch (error) {
  process.send?.({ type: 'init-failed', error: report(error) } satisfies HostMessage, () => process.exit(1));
}

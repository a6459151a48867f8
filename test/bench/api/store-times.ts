/**
 * Loaded into the API function's process by the bench (NODE_OPTIONS), beside the deployed bundle: how long each invocation
 * had a call to DynamoDB under way. Written to MONIQO_STORE_TIMES when the process ends.
 */
import { subscribe } from 'node:diagnostics_channel';
import { writeFileSync } from 'node:fs';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { StoreTimes } from './store-share.ts';

interface Told {
  readonly request: ClientRequest;
}

interface Held {
  readonly at: number;
  calls: number;
  busyMs: number;
  underWay: number;
  since: number;
}

const file = process.env['MONIQO_STORE_TIMES'];
const host = new URL(process.env['AWS_ENDPOINT_URL_DYNAMODB'] ?? 'http://nowhere').host;

const invocations = new Map<string, Held>();

interface Runner {
  readonly awslambda?: { readonly InvokeStore: { getRequestId(): string } };
}

/** The runner offers it as Lambda does (infra/local/functions/function-host.ts). */
const invocation = (): string | undefined => {
  const { awslambda } = globalThis as unknown as Runner;
  const id = awslambda?.InvokeStore.getRequestId();
  return id === '-' ? undefined : id;
};

function begin({ request }: Told): void {
  const id = invocation();
  if (id === undefined || request.getHeader('host') !== host) return;
  const held = invocations.get(id) ?? { at: Date.now(), calls: 0, busyMs: 0, underWay: 0, since: 0 };
  invocations.set(id, held);
  if (held.underWay === 0) held.since = performance.now();
  held.underWay += 1;
  held.calls += 1;
  let isOver = false;
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    held.underWay -= 1;
    if (held.underWay === 0) held.busyMs += performance.now() - held.since;
  };
  request.once('error', end);
  request.once('close', end);
  request.once('response', (response: IncomingMessage) => response.once('end', end));
}

if (file !== undefined) {
  subscribe('http.client.request.created', (told) => begin(told as Told));
  process.on('exit', () => {
    const times: StoreTimes = [...invocations.values()].map(({ at, calls, busyMs }) => ({
      at,
      calls,
      busyMs,
    }));
    writeFileSync(file, JSON.stringify(times));
  });
}

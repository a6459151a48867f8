/**
 * The fault script: a JSON list of rules `{when?, times?, do}` (design section 19).
 *
 * A rule's `do` is one of three families: it spoils a request, it spoils user-data events, or it changes the
 * exchange itself. A rule that changes the exchange and has no `when` is carried out at once.
 */
import * as z from 'zod';

export class FaultScriptError extends Error {
  override readonly name = 'FaultScriptError';
}

const ms = z.int().min(0).max(86_400_000);
const status = z.int().min(500).max(599);
const decimal = z.string().regex(/^\d+(\.\d+)?$/, 'a decimal number as text is expected');
const json = z.json();

const bookShape = z.strictObject({
  spreadTicks: z.int().min(0).exactOptional(),
  levels: z.int().min(0).exactOptional(),
  levelNotional: decimal.exactOptional(),
  stepTicks: z.int().min(1).exactOptional(),
});

const when = z.strictObject({
  /** An operation's name in the WebSocket API, e.g. `order.place`. */
  operation: z.string().optional(),
  /** For events: `executionReport`, `outboundAccountPosition`, ... */
  event: z.string().optional(),
  /** For execution reports: `x`, e.g. `TRADE`. */
  execution: z.string().optional(),
  symbol: z.string().optional(),
  uid: z.int().optional(),
  clientIdPrefix: z.string().min(1).optional(),
  /** Only the nth (from 1) of what all other conditions leave. */
  nth: z.int().min(1).optional(),
  /** 0 to 1, drawn from `seed` [1]: the same script draws the same. */
  probability: z.number().min(0).max(1).optional(),
  seed: z.int().optional(),
});

const requestFaults = [
  /** The request is lost: nothing happens, the connection breaks. */
  z.strictObject({ kind: z.literal('lose_request') }),
  /** It is carried out, but the connection breaks instead of an answer. */
  z.strictObject({ kind: z.literal('lose_reply') }),
  z.strictObject({ kind: z.literal('server_error'), status: status.default(503), executed: z.boolean() }),
  /** -1007 after `ms`. */
  z.strictObject({
    kind: z.literal('timeout'),
    ms: ms.default(10_000),
    status: status.default(504),
    executed: z.boolean(),
  }),
  /** 429 -1003. */
  z.strictObject({ kind: z.literal('rate_limited'), retryAfterSeconds: z.int().min(0) }),
  /** 429 -1015. */
  z.strictObject({ kind: z.literal('too_many_orders'), retryAfterSeconds: z.int().min(0) }),
  /** 418, and the address is banned indeed. */
  z.strictObject({ kind: z.literal('banned'), seconds: z.int().min(1) }),
  /** -1021 by the check before the engine: weight and order count are charged. */
  z.strictObject({ kind: z.literal('late_timestamp') }),
  z.strictObject({ kind: z.literal('slow'), ms, at: z.enum(['before', 'after']).default('after') }),
  /** Carried out, but the answer is cut in the middle. */
  z.strictObject({ kind: z.literal('malformed_body') }),
  /** 403 with a page instead of JSON. */
  z.strictObject({ kind: z.literal('blocked') }),
  /** Any refusal, before the exchange sees the request. */
  z.strictObject({
    kind: z.literal('refuse'),
    code: z.int().max(-1),
    msg: z.string(),
    status: z.int().min(400).max(599).default(400),
  }),
] as const;

const eventFaults = [
  z.strictObject({ kind: z.literal('duplicate_event') }),
  z.strictObject({ kind: z.literal('drop_event') }),
  z.strictObject({ kind: z.literal('delay_event'), ms }),
  /** Holds this and the next ones until there are `count`, then sends them in reverse; after `ms` what there is. */
  z.strictObject({
    kind: z.literal('reorder_events'),
    count: z.int().min(2).max(1000),
    ms: ms.default(5000),
  }),
  /** Cuts every connection that listens to this account, before or after the event. */
  z.strictObject({ kind: z.literal('disconnect'), event: z.enum(['before', 'after']).default('before') }),
] as const;

const sockets = z.enum(['ws_api', 'streams', 'all']).default('all');

const worldFaults = [
  z.strictObject({ kind: z.literal('query_lag'), ms }),
  /** Open sockets stay open and say nothing more, pings included. */
  z.strictObject({ kind: z.literal('silent_sockets'), sockets }),
  z.strictObject({ kind: z.literal('cut_sockets'), sockets }),
  /** The notice, and `ms` later the cut. */
  z.strictObject({ kind: z.literal('server_shutdown'), sockets, ms: ms.default(10_000) }),
  /** The exchange's clock is this much ahead of the machine's. */
  z.strictObject({ kind: z.literal('clock_skew'), ms: z.int().min(-86_400_000).max(86_400_000) }),
  z.strictObject({ kind: z.literal('book'), symbol: z.string(), ...bookShape.shape }),
  z.strictObject({ kind: z.literal('symbol'), symbol: z.string(), change: z.record(z.string(), json) }),
  /** As the testnet's: orders and trades vanish. */
  z.strictObject({ kind: z.literal('reset') }),
  z.strictObject({ kind: z.literal('revoke_key'), apiKey: z.string() }),
] as const;

const requestFault = z.discriminatedUnion('kind', requestFaults);
const eventFault = z.discriminatedUnion('kind', eventFaults);
const worldFault = z.discriminatedUnion('kind', worldFaults);
const action = z.discriminatedUnion('kind', [...requestFaults, ...eventFaults, ...worldFaults]);

const rule = z.strictObject({
  when: when.optional(),
  /** How often at most; default: always (`nth` is once by itself). */
  times: z.int().min(1).optional(),
  do: action,
});

export type RequestFault = z.infer<typeof requestFault>;
export type EventFault = z.infer<typeof eventFault>;
export type WorldFault = z.infer<typeof worldFault>;
export type Condition = z.infer<typeof when>;
export type FaultRule = z.infer<typeof rule>;

const kindsOf = (faults: readonly { readonly shape: { readonly kind: { readonly value: string } } }[]) =>
  new Set(faults.map((f) => f.shape.kind.value));
const requestKinds = kindsOf(requestFaults);
const eventKinds = kindsOf(eventFaults);

export const isRequestFault = (fault: FaultRule['do']): fault is RequestFault => requestKinds.has(fault.kind);
export const isEventFault = (fault: FaultRule['do']): fault is EventFault => eventKinds.has(fault.kind);

const EVENT_ONLY = ['event', 'execution'] as const;

/**
 * Reads a fault script.
 * @throws FaultScriptError naming every unknown fault, unknown field and wrong value
 */
export function readFaultRules(
  script: unknown,
  isOperation: (name: string) => boolean,
): readonly FaultRule[] {
  const list = z.array(rule).safeParse(script);
  if (!list.success) throw new FaultScriptError(z.prettifyError(list.error));
  for (const [at, { when: condition, do: fault }] of list.data.entries()) {
    const wrong = contradiction(condition ?? {}, fault, isOperation);
    if (wrong !== null) throw new FaultScriptError(`rule ${at + 1}: ${wrong}`);
  }
  return list.data;
}

function contradiction(
  condition: Condition,
  fault: FaultRule['do'],
  isOperation: (name: string) => boolean,
): string | null {
  const { operation } = condition;
  if (operation !== undefined && !isOperation(operation)) return `there is no operation ${operation}`;
  if (isEventFault(fault)) {
    return operation === undefined ? null : `${fault.kind} concerns events: when.operation does not apply`;
  }
  const stray = EVENT_ONLY.find((name) => condition[name] !== undefined);
  return stray === undefined ? null : `${fault.kind} concerns requests: when.${stray} does not apply`;
}

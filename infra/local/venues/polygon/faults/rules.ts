/**
 * The fault script: a JSON list of rules `{when?, times?, do}` (facts 7.2).
 *
 * A fault belongs to one family: it strikes a connection at a stage of its life, a subscription, a message, a frame,
 * a REST answer, or it changes the simulator's world. World faults happen at once or after `afterMs`.
 */
import * as z from 'zod';
import { channelsOf } from '../market/messages.ts';
import { CLUSTERS } from '../market/symbols.ts';

export class FaultScriptError extends Error {
  override readonly name = 'FaultScriptError';
}

const DAY_MS = 86_400_000;
const ms = z.int().min(0).max(DAY_MS);
const cluster = z.enum(CLUSTERS);
const decimal = z.string().regex(/^\d+(\.\d+)?$/, 'a decimal number as text is expected');
const kind = <const K extends string>(name: K) => z.literal(name);

export const STAGES = ['upgrade', 'connect', 'auth', 'subscribe', 'frame'] as const;
export type Stage = (typeof STAGES)[number];

const when = z.strictObject({
  cluster: cluster.optional(),
  /** A connection fault: at which stage. Without it, and without `nth` and `probability`: at once. */
  stage: z.enum(STAGES).optional(),
  /** `ev` of a message, `status` for status frames; of a topic that is subscribed. */
  channel: z.string().optional(),
  symbol: z.string().optional(),
  venue: z.int().optional(),
  /** REST: `aggs`, `last_trade`, ...; `GET /control` names them. */
  operation: z.string().optional(),
  /** Only the nth (from 1) of what all other conditions leave. */
  nth: z.int().min(1).optional(),
  /** 0 to 1, drawn from `seed` [1]: the same script draws the same. */
  probability: z.number().min(0).max(1).optional(),
  seed: z.int().optional(),
  /** Begins so long after it was given. */
  afterMs: ms.optional(),
  /** Ends so long after its beginning. */
  forMs: ms.optional(),
});

/** At a stage of a connection's life that only has one meaning. */
const stageFaults = {
  upgrade: [
    z.strictObject({
      kind: kind('refuse_handshake'),
      how: z.union([z.int().min(400).max(599), z.enum(['reset', 'garbage'])]).default(503),
    }),
    z.strictObject({ kind: kind('slow_upgrade'), ms }),
  ],
  connect: [z.strictObject({ kind: kind('no_connected') })],
  auth: [
    z.strictObject({ kind: kind('auth_failed'), message: z.string().default('authentication failed') }),
    z.strictObject({ kind: kind('auth_timeout') }),
  ],
  subscribe: [
    z.strictObject({ kind: kind('missing_ack') }),
    z.strictObject({ kind: kind('not_authorized') }),
  ],
} as const;

/** At any stage, or at once for all connections there are. */
const cutFaults = [
  /** TCP destroyed (1006); `midFrame`: half of a frame leaves first. */
  z.strictObject({ kind: kind('drop'), midFrame: z.boolean().default(false) }),
  z.strictObject({
    kind: kind('close'),
    code: z.int().min(1000).max(4999).default(1001),
    reason: z.string().default(''),
  }),
  /** Open, sends nothing, reads nothing: pings stay unanswered. */
  z.strictObject({ kind: kind('half_open') }),
  /** `status: false`: 1008 without the words. */
  z.strictObject({ kind: kind('max_connections'), status: z.boolean().default(true) }),
  /** Data are held back for so long, then TCP is destroyed. */
  z.strictObject({ kind: kind('slow_consumer'), ms: ms.default(1_000) }),
] as const;

const messageFaults = [
  z.strictObject({
    kind: kind('duplicate'),
    count: z.int().min(1).max(100).default(1),
    afterMs: ms.default(0),
  }),
  z.strictObject({ kind: kind('drop_message') }),
  z.strictObject({ kind: kind('delay_message'), ms }),
  /** `t` moved by so many ms; field `r`: set to `t` plus so many. */
  z.strictObject({
    kind: kind('shift_time'),
    ms: z.int().min(-DAY_MS).max(DAY_MS),
    field: z.enum(['t', 'r']).default('t'),
  }),
  z.strictObject({ kind: kind('time_unit'), unit: z.enum(['ms', 'us', 'ns']) }),
  z.strictObject({ kind: kind('remove_field'), field: z.string() }),
  z.strictObject({ kind: kind('set_field'), field: z.string(), value: z.json() }),
  /** The text of a number, as it stands: `3.4e+08`. */
  z.strictObject({
    kind: kind('set_number'),
    field: z.string(),
    text: z.string().regex(/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/),
  }),
  z.strictObject({ kind: kind('extra_fields') }),
  z.strictObject({ kind: kind('unknown_ev') }),
  /** Every price of this one message, by so many percent. */
  z.strictObject({ kind: kind('outlier'), percent: z.number().min(-99).max(1_000) }),
  /** Bid above ask. */
  z.strictObject({ kind: kind('crossed') }),
  /** A bar again, the same interval with other values. */
  z.strictObject({ kind: kind('resend_bar'), afterMs: ms.max(900_000).default(1_000) }),
] as const;

const frameFaults = [
  /** Sent before the frame, which follows unharmed. */
  z.strictObject({
    kind: kind('malformed'),
    variant: z.enum(['truncated', 'text', 'empty', 'null', 'binary']).default('truncated'),
  }),
  /** Each message as a frame of its own, without an array. */
  z.strictObject({ kind: kind('bare_object') }),
] as const;

const worldFaults = [
  /** The link lives, pongs come, data stop: of these symbols, of a cluster, or all. */
  z.strictObject({
    kind: kind('zombie'),
    cluster: cluster.optional(),
    symbols: z.array(z.string()).min(1).optional(),
    ms: ms.optional(),
  }),
  z.strictObject({
    kind: kind('price'),
    symbol: z.string(),
    price: decimal,
    hold: z.boolean().default(true),
  }),
  /** All venues, in steps over `ms`; the price stays there. */
  z.strictObject({
    kind: kind('fast_move'),
    symbol: z.string(),
    percent: z.number().min(-99).max(1_000),
    ms: ms.default(2_000),
    steps: z.int().min(1).max(1_000).default(8),
  }),
  /** There and, `ms` later, back; `offline`: the cluster is down in between. */
  z.strictObject({
    kind: kind('gap'),
    symbol: z.string(),
    percent: z.number().min(-99).max(1_000),
    ms: ms.default(5_000),
    offline: z.boolean().default(true),
  }),
  z.strictObject({
    kind: kind('burst'),
    cluster: cluster.default('crypto'),
    rate: z.int().min(1).max(100_000).default(10_000),
    ms: ms.default(5_000),
  }),
  z.strictObject({
    kind: kind('big_frame'),
    cluster: cluster.default('crypto'),
    bytes: z.int().min(1).max(16_000_000).default(1_000_000),
  }),
  /** null: by the calendar again. */
  z.strictObject({ kind: kind('session'), cluster, open: z.boolean().nullable() }),
  /** All sockets dropped, new ones refused for so long. */
  z.strictObject({
    kind: kind('restart'),
    ms: ms.default(30_000),
    status: z.int().min(400).max(599).default(503),
    cluster: cluster.optional(),
  }),
  z.strictObject({ kind: kind('revoke_key'), key: z.string() }),
  z.strictObject({
    kind: kind('clock'),
    skewMs: z
      .int()
      .min(-400 * DAY_MS)
      .max(400 * DAY_MS),
  }),
] as const;

const restFaults = [
  z.strictObject({
    kind: kind('rest_status'),
    status: z.int().min(400).max(599),
    page: z.boolean().default(false),
  }),
  /** 200 with a body that says it failed. */
  z.strictObject({
    kind: kind('rest_ok_error'),
    status: z.enum(['ERROR', 'NOT_AUTHORIZED']).default('ERROR'),
  }),
  z.strictObject({ kind: kind('rest_no_results') }),
  /** `next_url` is the one that was asked for. */
  z.strictObject({ kind: kind('rest_repeat_next') }),
  z.strictObject({ kind: kind('rest_foreign_next'), host: z.string().default('attacker.invalid') }),
  z.strictObject({ kind: kind('rest_slow'), ms }),
  z.strictObject({ kind: kind('rest_break') }),
  z.strictObject({ kind: kind('rest_malformed') }),
] as const;

const action = z.discriminatedUnion('kind', [
  ...stageFaults.upgrade,
  ...stageFaults.connect,
  ...stageFaults.auth,
  ...stageFaults.subscribe,
  ...cutFaults,
  ...messageFaults,
  ...frameFaults,
  ...worldFaults,
  ...restFaults,
]);

const rule = z.strictObject({
  when: when.optional(),
  /** How often at most; default: always (`nth` is once by itself). */
  times: z.int().min(1).optional(),
  do: action,
});

export type Fault = z.infer<typeof action>;
export type FaultRule = z.infer<typeof rule>;
export type Condition = z.infer<typeof when>;
export type FaultKind = Fault['kind'];
export type UpgradeFault = z.infer<(typeof stageFaults.upgrade)[number]>;
export type AuthFault = z.infer<(typeof stageFaults.auth)[number]>;
export type SubscribeFault = z.infer<(typeof stageFaults.subscribe)[number]>;
export type CutFault = z.infer<(typeof cutFaults)[number]>;
export type MessageFault = z.infer<(typeof messageFaults)[number]>;
export type FrameFault = z.infer<(typeof frameFaults)[number]>;
export type WorldFault = z.infer<(typeof worldFaults)[number]>;
export type RestFault = z.infer<(typeof restFaults)[number]>;

export type Family = Stage | 'cut' | 'message' | 'world' | 'rest';

type Shapes = readonly { readonly shape: { readonly kind: { readonly value: string } } }[];
const FAMILIES: ReadonlyMap<string, Family> = new Map(
  (
    [
      ['upgrade', stageFaults.upgrade],
      ['connect', stageFaults.connect],
      ['auth', stageFaults.auth],
      ['subscribe', stageFaults.subscribe],
      ['cut', cutFaults],
      ['message', messageFaults],
      ['frame', frameFaults],
      ['world', worldFaults],
      ['rest', restFaults],
    ] as const satisfies readonly (readonly [Family, Shapes])[]
  ).flatMap(([family, faults]) => (faults as Shapes).map(({ shape }) => [shape.kind.value, family] as const)),
);

export const KINDS: readonly string[] = [...FAMILIES.keys()];

export function familyOf({ kind: name }: { readonly kind: string }): Family {
  const family = FAMILIES.get(name);
  if (family === undefined) throw new Error(`${name} is in no family`);
  return family;
}

/** Conditions beside the times and chances that every family but `world` takes. */
const APPLIES: Readonly<Record<Family, readonly string[]>> = {
  upgrade: ['cluster'],
  connect: ['cluster'],
  auth: ['cluster'],
  subscribe: ['cluster', 'channel', 'symbol'],
  cut: ['cluster', 'stage'],
  message: ['cluster', 'channel', 'symbol', 'venue'],
  frame: ['cluster', 'channel'],
  world: [],
  rest: ['operation', 'symbol'],
};
const CHANCES = ['nth', 'probability', 'seed', 'forMs'];

/** Without a stage and a chance there is nothing to wait for: it strikes all there are. */
export const isAtOnce = ({ stage, nth, probability, forMs }: Condition): boolean =>
  stage === undefined && nth === undefined && probability === undefined && forMs === undefined;

/**
 * Reads a fault script.
 * @throws FaultScriptError naming every unknown fault, unknown field, wrong value, and condition that does not apply
 */
export function readFaultRules(script: unknown, operations: readonly string[]): readonly FaultRule[] {
  const list = z.array(rule).safeParse(script);
  if (!list.success) throw new FaultScriptError(z.prettifyError(list.error));
  for (const [at, one] of list.data.entries()) {
    const wrong = strayCondition(one) ?? unknownName(one, operations);
    if (wrong !== null) throw new FaultScriptError(`rule ${at + 1}: ${wrong}`);
  }
  return list.data;
}

function strayCondition({ when: condition = {}, times, do: fault }: FaultRule): string | null {
  const family = familyOf(fault);
  const allowed = ['afterMs', ...APPLIES[family], ...(family === 'world' ? [] : CHANCES)];
  const stray = Object.keys(condition).find((name) => !allowed.includes(name));
  if (stray !== undefined) return `when.${stray} does not apply to ${fault.kind}`;
  if (condition.stage === 'upgrade' && fault.kind !== 'drop') return `${fault.kind} has no stage upgrade`;
  const isOnce = family === 'world' || (family === 'cut' && isAtOnce(condition));
  return isOnce && times !== undefined ? `times does not apply to ${fault.kind}, which happens once` : null;
}

const CHANNEL_NAMES: readonly string[] = CLUSTERS.flatMap(channelsOf);

/** A rule that could never strike is a mistake. */
function unknownName(
  { when: condition = {}, do: fault }: FaultRule,
  operations: readonly string[],
): string | null {
  const { channel, operation } = condition;
  const channels = familyOf(fault) === 'frame' ? ['status', 'data'] : CHANNEL_NAMES;
  if (channel !== undefined && !channels.includes(channel)) {
    return `there is no channel ${channel}: one of ${channels.join(', ')}`;
  }
  if (operation !== undefined && !operations.includes(operation)) {
    return `there is no operation ${operation}: one of ${operations.join(', ')}`;
  }
  return null;
}

/** What is counted, and how counts of a part become figures of one operation. Pure. */

/** One invocation, or a second of a process that has none (`invocations` 0). */
export interface ProbeLine {
  /** Of its end, epoch ms. */
  readonly at: number;
  readonly who: string;
  readonly invocations: number;
  readonly ms: number;
  /** Of a core. */
  readonly cpuMs: number;
  /** Calls by their name. */
  readonly sqs: Record<string, number>;
  /** Commands sent to the cache; a script is one. */
  valkey: number;
  scripts: number;
  /** To and from the cache. */
  cacheBytes: number;
  logBytes: number;
  emfLines: number;
  /** The lines themselves: which metrics there are. */
  readonly emf: string[];
}

/** One request to DynamoDB, as the counting proxy saw it. */
export interface StoreCall {
  readonly at: number;
  readonly who: string;
  readonly call: string;
  /** By table, indexes included. */
  readonly units: readonly { readonly table: string; readonly read: number; readonly write: number }[];
}

/** Of the cache, by its own INFO. */
export interface CacheCount {
  /** Calls of scripts, and the time of a core that they took. */
  readonly scripts: number;
  readonly scriptUsec: number;
  /** The same of GET: the plain command that a script is measured against. */
  readonly plain: number;
  readonly plainUsec: number;
}

/** What somebody waits for on a queue: received, and deleted at the end. By queue. */
export type Delivered = Readonly<Record<string, number>>;

export interface FunctionFigures {
  readonly invocations: number;
  /** From its beginning to its end, with whatever it waits for. */
  readonly ms: number;
  /** Of a core. */
  readonly cpu_ms: number;
}

/** Counts of a part, or of one operation when they are divided. Numbers, no money. */
export interface Figures {
  readonly dynamodb: {
    readonly calls: number;
    readonly read_units: number;
    readonly write_units: number;
    readonly by_table: Readonly<
      Record<string, { readonly read_units: number; readonly write_units: number }>
    >;
  };
  readonly sqs: {
    /** Send calls, of standard queues and FIFO together. */
    readonly send_calls: number;
    /** Messages handed to functions, by queue. */
    readonly delivered: Readonly<Record<string, number>>;
  };
  readonly lambda: Readonly<Record<string, FunctionFigures>>;
  readonly valkey: {
    readonly commands: number;
    readonly kilobytes: number;
    readonly script_calls: number;
    readonly script_ms: number;
  };
  readonly logs: { readonly bytes: number; readonly emf_lines: number };
}

export interface Counted {
  readonly store: readonly StoreCall[];
  readonly lines: readonly ProbeLine[];
  readonly cache: CacheCount;
  readonly delivered: Delivered;
}

const total = (values: Iterable<number>): number => [...values].reduce((all, one) => all + one, 0);

/** Everything that was counted, divided by `per`. @throws RangeError unless `per` is above 0 */
export function figuresOf({ store, lines, cache, delivered }: Counted, per: number): Figures {
  if (!(per > 0)) throw new RangeError(`nothing happened ${per} times`);
  const each = (value: number): number => rounded(value / per);
  const units = store.flatMap((call) => call.units);
  const tables = [...new Set(units.map(({ table }) => table))].sort();
  const functions = [...new Set(lines.filter((line) => line.invocations > 0).map(({ who }) => who))].sort();
  return {
    dynamodb: {
      calls: each(store.length),
      read_units: each(total(units.map(({ read }) => read))),
      write_units: each(total(units.map(({ write }) => write))),
      by_table: Object.fromEntries(
        tables.map((table) => {
          const own = units.filter((one) => one.table === table);
          return [
            table,
            {
              read_units: each(total(own.map(({ read }) => read))),
              write_units: each(total(own.map(({ write }) => write))),
            },
          ];
        }),
      ),
    },
    sqs: {
      send_calls: each(
        total(
          lines.flatMap(({ sqs }) =>
            Object.entries(sqs).flatMap(([call, count]) => (call.startsWith('SendMessage') ? [count] : [])),
          ),
        ),
      ),
      delivered: Object.fromEntries(
        Object.entries(delivered)
          .sort(([a], [b]) => a.localeCompare(b))
          .map(([queue, count]) => [queue, each(count)]),
      ),
    },
    lambda: Object.fromEntries(
      functions.map((name) => {
        const own = lines.filter(({ who }) => who === name);
        return [
          name,
          {
            invocations: each(total(own.map(({ invocations }) => invocations))),
            ms: each(total(own.map(({ ms }) => ms))),
            cpu_ms: each(total(lines.flatMap(({ who, cpuMs }) => (who === name ? [cpuMs] : [])))),
          },
        ];
      }),
    ),
    valkey: {
      commands: each(total(lines.map(({ valkey }) => valkey))),
      kilobytes: each(total(lines.map(({ cacheBytes }) => cacheBytes)) / 1024),
      script_calls: each(total(lines.map(({ scripts }) => scripts))),
      script_ms: each(cache.scriptUsec / 1_000),
    },
    logs: {
      bytes: each(total(lines.map(({ logBytes }) => logBytes))),
      emf_lines: each(total(lines.map(({ emfLines }) => emfLines))),
    },
  };
}

/** Four digits that say something. */
const rounded = (value: number): number => Number(value.toPrecision(4));

/** Without what goes on anyway in as much time; never below nothing. `share`: of the idle figures. */
export function without(counted: Figures, idle: Figures, share: number): Figures {
  const less = (value: number, base: number | undefined): number =>
    rounded(Math.max(0, value - (base ?? 0) * share));
  return {
    dynamodb: {
      calls: less(counted.dynamodb.calls, idle.dynamodb.calls),
      read_units: less(counted.dynamodb.read_units, idle.dynamodb.read_units),
      write_units: less(counted.dynamodb.write_units, idle.dynamodb.write_units),
      by_table: mapOf(counted.dynamodb.by_table, (units, table) => ({
        read_units: less(units.read_units, idle.dynamodb.by_table[table]?.read_units),
        write_units: less(units.write_units, idle.dynamodb.by_table[table]?.write_units),
      })),
    },
    sqs: {
      send_calls: less(counted.sqs.send_calls, idle.sqs.send_calls),
      delivered: mapOf(counted.sqs.delivered, (count, queue) => less(count, idle.sqs.delivered[queue])),
    },
    lambda: mapOf(counted.lambda, ({ invocations, ms, cpu_ms }, name) => ({
      invocations: less(invocations, idle.lambda[name]?.invocations),
      ms: less(ms, idle.lambda[name]?.ms),
      cpu_ms: less(cpu_ms, idle.lambda[name]?.cpu_ms),
    })),
    valkey: {
      commands: less(counted.valkey.commands, idle.valkey.commands),
      kilobytes: less(counted.valkey.kilobytes, idle.valkey.kilobytes),
      script_calls: less(counted.valkey.script_calls, idle.valkey.script_calls),
      script_ms: less(counted.valkey.script_ms, idle.valkey.script_ms),
    },
    logs: {
      bytes: less(counted.logs.bytes, idle.logs.bytes),
      emf_lines: less(counted.logs.emf_lines, idle.logs.emf_lines),
    },
  };
}

const mapOf = <T>(
  record: Readonly<Record<string, T>>,
  change: (value: T, key: string) => T,
): Readonly<Record<string, T>> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value, key)]));

/** Name and dimensions of every metric in EMF lines: what CloudWatch bills, each once a month. */
export function metricsOf(lines: readonly string[]): readonly string[] {
  const names = new Set<string>();
  for (const line of lines) {
    const parsed = JSON.parse(line) as {
      readonly _aws: {
        readonly CloudWatchMetrics: readonly {
          readonly Namespace: string;
          readonly Dimensions: readonly (readonly string[])[];
          readonly Metrics: readonly { readonly Name: string }[];
        }[];
      };
    } & Readonly<Record<string, unknown>>;
    for (const { Dimensions, Metrics } of parsed._aws.CloudWatchMetrics) {
      for (const dimensions of Dimensions) {
        const by = dimensions
          .filter((name) => name !== 'stage')
          .map((name) => ` ${name}=${String(parsed[name])}`)
          .sort();
        for (const { Name } of Metrics) names.add(`${Name}${by.join('')}`);
      }
    }
  }
  return [...names].sort();
}

/** One of `count` that were there together. */
export const perOne = (figures: Figures, count: number): Figures => {
  const each = (value: number): number => rounded(value / count);
  return {
    dynamodb: {
      calls: each(figures.dynamodb.calls),
      read_units: each(figures.dynamodb.read_units),
      write_units: each(figures.dynamodb.write_units),
      by_table: mapOf(figures.dynamodb.by_table, ({ read_units, write_units }) => ({
        read_units: each(read_units),
        write_units: each(write_units),
      })),
    },
    sqs: { send_calls: each(figures.sqs.send_calls), delivered: mapOf(figures.sqs.delivered, each) },
    lambda: mapOf(figures.lambda, ({ invocations, ms, cpu_ms }) => ({
      invocations: each(invocations),
      ms: each(ms),
      cpu_ms: each(cpu_ms),
    })),
    valkey: {
      commands: each(figures.valkey.commands),
      kilobytes: each(figures.valkey.kilobytes),
      script_calls: each(figures.valkey.script_calls),
      script_ms: each(figures.valkey.script_ms),
    },
    logs: { bytes: each(figures.logs.bytes), emf_lines: each(figures.logs.emf_lines) },
  };
};

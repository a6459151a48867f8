/**
 * The checked-in counts of what each operation takes (measured.json, made by `npm run cost:measure`), and their form. A test
 * compares the form with what a run counts today.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const count = z.number().nonnegative();

export const FiguresSchema = z.strictObject({
  /** How often it was done, or how long (minutes). */
  measured: z.number().positive(),
  dynamodb: z.strictObject({
    calls: count,
    read_units: count,
    write_units: count,
    by_table: z.record(z.string(), z.strictObject({ read_units: count, write_units: count })),
  }),
  sqs: z.strictObject({ send_calls: count, delivered: z.record(z.string(), count) }),
  lambda: z.record(z.string(), z.strictObject({ invocations: count, ms: count, cpu_ms: count })),
  valkey: z.strictObject({ commands: count, kilobytes: count, script_calls: count, script_ms: count }),
  logs: z.strictObject({ bytes: count, emf_lines: count }),
});
export type OperationFigures = z.output<typeof FiguresSchema>;

/** What is measured; the calculator knows what to do with each. */
export const OPERATIONS = [
  'idle_minute',
  'followed_symbol_minute',
  'tick',
  'entry',
  'position_minute',
  'read_position',
  'list_20_positions',
  'read_order',
  'read_prices',
  'read_balances',
  'change_protection',
  'limit_order_and_cancel',
  'stopped_out',
  'closed_by_hand',
  'exchange_round_trip',
  'comparison',
] as const;
export type OperationName = (typeof OPERATIONS)[number];

export const MeasuredFile = z.strictObject({
  measured_at: z.iso.datetime(),
  machine: z.looseObject({ cpu: z.string(), cores: z.number() }),
  versions: z.looseObject({ node: z.string() }),
  load_before: z.number().or(z.array(z.number())),
  shape: z.strictObject({
    runInSeconds: z.number(),
    idleSeconds: z.number(),
    operations: z.number(),
    positions: z.number(),
    ticksPerSecond: z.number(),
  }),
  operations: z.record(z.enum(OPERATIONS), FiguresSchema),
  /** Time of a core of a script, in those of a plain GET. */
  gets_of_script: z.number().positive(),
  /** Those that are sent although nobody trades. */
  idle_metrics: z.array(z.string()).min(1),
  /** Custom metrics by name and dimensions. */
  metrics: z.array(z.string()).min(1),
});
export type Measured = z.output<typeof MeasuredFile>;

/** @throws ZodError when the file is not of this form */
export const readMeasured = (): Measured =>
  MeasuredFile.parse(JSON.parse(readFileSync(join(import.meta.dirname, 'measured.json'), 'utf8')));

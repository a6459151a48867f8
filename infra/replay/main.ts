/** `npm run replay`: positions over recorded or made-up days on the pure core and a virtual clock (docs/replay.md). */
import { decimal, decimalText, maxOf } from '../../shared/domain/money/decimal.ts';
import { symbolRegistry } from '../../shared/domain/symbols.ts';
import { SYNTHETIC_DEFAULT_SYMBOLS } from '../../shared/feeds/synthetic.ts';
import { OptionError, readJsonFile } from '../command-line.ts';
import { machine, versions } from '../local/demo/machine.ts';
import { applyChanges, parseChanges } from './changes.ts';
import { HELP, parseReplayOptions, type ReplayOptions } from './options.ts';
import { type Plan, parsePlan, standardPlan } from './plan.ts';
import { replayText } from './print.ts';
import { NO_REQUEST } from './protection-request.ts';
import { type ReplayDocument, runReplay } from './run.ts';
import { type Survey, survey } from './survey.ts';
import { recordedTicks, SourceError, syntheticTicks, type TickSource } from './ticks.ts';

const EXIT_USAGE = 2;
/** Design section 22. */
const TARGET_TIMES_REAL_TIME = 500;
/** Of less the start of the program is most of the time, which says nothing about a day. */
const LEAST_SPAN_SECONDS = 3_600;
/** The standard plan opens so many positions of each symbol. */
const OPENINGS = 24;
const DAY_MS = 86_400_000;
/** How far a made-up day usually moves in four hours. */
const SYNTHETIC_SWING_PERCENT = decimal('2');
/** With 0.1 % each way a stop at break-even lies 0.2 % above the entry. */
const LEAST_BREAK_EVEN_PERCENT = decimal('0.3');

const note = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

function sourceOf(
  { files, seed, ticksPerSecond, strict }: ReplayOptions,
  tell: (line: string) => void,
): TickSource {
  return files.length === 0
    ? syntheticTicks({ seed, ticksPerSecond })
    : recordedTicks(files, { strict, note: tell });
}

async function planOf(options: ReplayOptions): Promise<Plan> {
  if (options.plan !== null) return parsePlan(readJsonFile('--plan', options.plan), options.plan);
  const found =
    options.files.length === 0 ? syntheticSurvey() : await survey(sourceOf(options, () => undefined));
  if (found === null) throw new SourceError('there is no trade of a symbol that is traded here');
  const { specs, spanMs, swingPercent } = found;
  const swing = `${decimalText(swingPercent)}%`;
  const target = `${decimalText(swingPercent.times(2))}%`;
  const even = `${decimalText(maxOf(swingPercent, LEAST_BREAK_EVEN_PERCENT))}%`;
  const standard = parseChanges('--protect', [
    `stop=${swing},take_profit=${target},trailing=${swing},trailing_activation=${swing},break_even=${even}`,
  ]);
  const [request] = applyChanges('--protect', options.protection ?? standard, [NO_REQUEST]);
  const everyMs = options.everyMs ?? Math.max(1_000, Math.ceil(spanMs / OPENINGS / 1_000) * 1_000);
  return standardPlan(specs, request ?? NO_REQUEST, { everyMs, spanMs, opened: options.opened });
}

function syntheticSurvey(): Survey {
  const registry = symbolRegistry();
  const specs = SYNTHETIC_DEFAULT_SYMBOLS.flatMap((symbol) => registry.get(symbol) ?? []);
  return { specs, spanMs: DAY_MS, swingPercent: SYNTHETIC_SWING_PERCENT };
}

/** What was measured; the only part of the document that differs from run to run. */
function measured({ source, actual, counterfactual }: ReplayDocument, seconds: number) {
  const timesRealTime = Math.round(source.span_seconds / seconds);
  const isLong = source.span_seconds >= LEAST_SPAN_SECONDS;
  return {
    figures: {
      ticks: source.ticks,
      decisions: actual.decisions.length + (counterfactual?.decisions.length ?? 0),
      positions: actual.positions.length + (counterfactual?.positions.length ?? 0),
      span_seconds: source.span_seconds,
      seconds: Math.round(seconds * 1000) / 1000,
      ticks_per_second: Math.round(source.ticks / seconds),
      times_real_time: timesRealTime,
    },
    targets: [
      {
        name: 'replay, times real time',
        value: timesRealTime,
        limit: TARGET_TIMES_REAL_TIME,
        unit: 'x',
        kind: 'least',
        /** Null: less than an hour was replayed. */
        met: isLong ? timesRealTime >= TARGET_TIMES_REAL_TIME : null,
      },
    ],
  } as const;
}

function speedLine({ figures, targets: [target] }: ReturnType<typeof measured>): string {
  const met = target.met === null ? 'not judged, less than an hour' : target.met ? 'met' : 'NOT met';
  return `${figures.ticks} ticks in ${figures.seconds} s: ${target.value} times real time (target >= ${target.limit}: ${met})`;
}

async function main(): Promise<number> {
  const options = parseReplayOptions(process.argv.slice(2));
  if (options === null) {
    process.stdout.write(HELP);
    return 0;
  }
  const startedAt = performance.now();
  const plan = await planOf(options);
  const source = sourceOf(options, note);
  const document = await runReplay(source, plan, options.changes);
  const speed = measured(document, (performance.now() - startedAt) / 1000);
  if (options.json) {
    const whole = { command: 'replay', ...document, ...speed, machine: machine(), versions: versions() };
    process.stdout.write(`${JSON.stringify(whole, null, 2)}\n`);
  } else {
    process.stdout.write(replayText(document, (id) => source.nameOf(id), !options.summary));
  }
  note(speedLine(speed));
  const scenarios = [document.actual, ...(document.counterfactual === null ? [] : [document.counterfactual])];
  return scenarios.every(({ checks }) => checks.every(({ ok }) => ok)) ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  const isExpected = error instanceof OptionError || error instanceof SourceError;
  note(isExpected ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exitCode = error instanceof OptionError ? EXIT_USAGE : 1;
}

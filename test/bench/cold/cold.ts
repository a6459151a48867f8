/** `npm run bench -- cold`: what a cold start costs before the first event (design section 22), for each deployed bundle. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { table } from '../../../infra/local/demo/table.ts';
import { atMost, type BenchResult, type Distribution, distribution, targetLine } from '../report.ts';
import { type ColdFigures, deployedIn, measureCold } from './measure.ts';

const RUNS = 15;
const INIT_MS = 150;
const KB = 1_000;

/** A bundle's figures as the document has them. */
interface ColdRow {
  readonly bundle: string;
  readonly runs_on: 'lambda' | 'fargate';
  readonly bytes: number;
  readonly max_bytes: number;
  readonly init_ms: Distribution;
  /** Of a core, which other work on the machine moves less. */
  readonly core_ms: Distribution;
}

const tenths = (n: number): number => Math.round(n * 10) / 10;

const rounded = ({ count, ...figures }: Distribution): Distribution => ({
  count,
  p50: tenths(figures.p50),
  p90: tenths(figures.p90),
  p99: tenths(figures.p99),
  max: tenths(figures.max),
});

export const rowOf = ({ of, starts }: ColdFigures): ColdRow => ({
  bundle: of.name,
  runs_on: of.runsOn,
  bytes: of.bytes,
  max_bytes: of.maxBytes,
  init_ms: rounded(distribution(starts.map(({ initMs }) => initMs))),
  core_ms: rounded(distribution(starts.map(({ coreMs }) => coreMs))),
});

/** What makes the command fail: a bundle that has no handler, is too large, or asks somebody before it is asked. */
export const wrongIn = ({ of, starts }: ColdFigures): readonly string[] => [
  ...(of.bytes > of.maxBytes ? [`${of.name} has ${of.bytes} bytes, allowed are ${of.maxBytes}`] : []),
  ...(starts.every(({ hasHandler }) => hasHandler) ? [] : [`${of.name} exports no ${of.handler}`]),
  ...(of.runsOn === 'lambda' && starts.some(({ connections }) => connections.length > 0)
    ? [`${of.name} opens a connection while it is loaded`]
    : []),
];

/** Of functions alone: the streamer's process is started once per deployment. */
const targetsOf = ({ bundle, runs_on: runsOn, bytes, max_bytes: maxBytes, init_ms: init }: ColdRow) => [
  atMost(`${bundle}, bundle`, tenths(bytes / KB), maxBytes / KB, 'kB'),
  ...(runsOn === 'lambda' ? [atMost(`${bundle}, module init, median`, init.p50, INIT_MS, 'ms')] : []),
];

export async function benchCold(note: (line: string) => void): Promise<BenchResult> {
  const folder = mkdtempSync(join(tmpdir(), 'moniqo-bench-cold-'));
  try {
    note('bundles and template ...');
    const deployed = await deployedIn(folder, note);
    const figures = await measureCold(deployed, RUNS, note);
    const rows = figures.map(rowOf);
    const targets = rows.flatMap(targetsOf);
    const wrong = figures.flatMap(wrongIn);
    const right = ['kB', 'init ms, median', 'worst', 'core ms, median', 'worst core'];
    const text = [
      `Each bundle imported in ${RUNS} fresh processes, with the template's environment and nothing to connect to`,
      '',
      table(
        ['bundle', ...right],
        rows.map(({ bundle, bytes, init_ms: init, core_ms: core }) => [
          bundle,
          ...[tenths(bytes / KB), init.p50, init.max, core.p50, core.max].map((n) => n.toFixed(1)),
        ]),
        right,
      ),
      '',
      ...targets.map(targetLine),
    ].join('\n');
    return { document: { runs: RUNS, bundles: rows, targets, wrong }, text, wrong };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** 200 wallets on one user-data connection, 500 reports a second into the queue (design section 22). */
import { atLeast, atMost, type BenchResult, distribution, targetLine } from './report.ts';
import { runUserData, type UserDataFigures } from './user-data-run.ts';

const WALLETS = 200;
const PACE = 500;
const SECONDS = 20;

export async function benchUserData(note: (line: string) => void): Promise<BenchResult> {
  note(`${WALLETS} wallets, ${PACE} reports/s for ${SECONDS} s ...`);
  const paced = await runUserData({ wallets: WALLETS, reports: PACE * SECONDS, perSecond: PACE });
  note('the same reports as fast as they can be sent ...');
  const burst = await runUserData({ wallets: WALLETS, reports: PACE * SECONDS, perSecond: null });
  const targets = [
    // A little below the pace: the last batch is under way when the last report was sent.
    atLeast('reports into the queue at 500/s', paced.perSecond, PACE * 0.98, 'reports/s'),
    atMost('wallets need so many connections', paced.connections, 1, 'connections'),
    atLeast('reports into the queue, at once', burst.perSecond, PACE, 'reports/s'),
  ];
  const rows = { paced: row(paced), burst: row(burst) };
  const line = (name: string, { arrived, sent, per_second, delay_ms }: ReturnType<typeof row>): string =>
    `${name}: ${arrived} of ${sent} arrived, ${per_second} reports/s, venue to queue p50 ${delay_ms.p50} ms, p99 ${delay_ms.p99} ms`;
  const text = [line('paced', rows.paced), line('burst', rows.burst), '', ...targets.map(targetLine)].join(
    '\n',
  );
  const wrong = [...wrongOf('paced', paced), ...wrongOf('burst', burst)];
  return { document: { wallets: WALLETS, ...rows, targets }, text, wrong };
}

function row({ sent, arrived, disordered, perSecond, delays }: UserDataFigures) {
  const { p50, p90, p99, max } = distribution(delays.map((ms) => Math.round(ms * 10) / 10));
  return { sent, arrived, disordered, per_second: Math.round(perSecond), delay_ms: { p50, p90, p99, max } };
}

function wrongOf(name: string, { sent, arrived, disordered }: UserDataFigures): readonly string[] {
  return [
    ...(arrived === sent ? [] : [`${name}: ${sent - arrived} of ${sent} reports lost`]),
    ...(disordered === 0 ? [] : [`${name}: ${disordered} orders out of order`]),
  ];
}

/** `npm run bench -- recovery`: how long a lost stream goes unnoticed, and how soon the ledger is right again. */
import { table } from '../../infra/local/demo/table.ts';
import { runRecovery } from './recovery-run.ts';
import { atMost, type BenchResult, distribution, targetLine } from './report.ts';

/** Design section 22. */
const DETECTED_MS = 30_000;
const AGREED_MS = 15_000;

export async function benchRecovery(
  note: (line: string) => void,
  verbose: boolean,
): Promise<BenchResult & { redis: string }> {
  const { redis, wrong, ...figures } = await runRecovery(note, verbose);
  const { wallets, orders, detectedMs } = figures;
  const [resubscribed, agreed, compared] = [figures.resubscribedMs, figures.agreedMs, figures.comparedMs].map(
    distribution,
  );
  if (resubscribed === undefined || agreed === undefined || compared === undefined)
    throw new Error('no figures');
  const targets = [
    atMost('lost stream detected, and heard again', detectedMs, DETECTED_MS, 'ms'),
    atMost('ledger = venue after the reconnect', agreed.max, AGREED_MS, 'ms'),
  ];
  const perWallet: readonly (readonly [string, typeof agreed])[] = [
    ['from there, by wallet: subscribed again', resubscribed],
    [`ledger = venue (${orders} fills)`, agreed],
    ['compared, in agreement', compared],
  ];
  const rows = [
    ['silence to the first new subscription', '', String(detectedMs)],
    ...perWallet.map(([what, { p50, max }]) => [what, String(p50), String(max)]),
  ];
  return {
    document: {
      wallets,
      orders,
      detected_ms: detectedMs,
      resubscribed_ms: resubscribed,
      agreed_ms: agreed,
      compared_ms: compared,
      targets,
      wrong,
    },
    text: [
      `${wallets} wallets, ms`,
      '',
      table(['what', 'p50', 'max'], rows, ['p50', 'max']),
      '',
      ...targets.map(targetLine),
    ].join('\n'),
    wrong,
    redis,
  };
}

/** `npm run bench -- recovery`: how long a lost stream goes unnoticed, and how soon the ledger is right again. */
import { table } from '../../infra/local/demo/table.ts';
import { runRecovery } from './recovery-run.ts';
import { atMost, type BenchResult, targetLine } from './report.ts';

/** Design section 22. */
const DETECTED_MS = 30_000;
const AGREED_MS = 15_000;

export async function benchRecovery(
  note: (line: string) => void,
  verbose: boolean,
): Promise<BenchResult & { redis: string }> {
  const { redis, wrong, ...figures } = await runRecovery(note, verbose);
  const { wallets, orders, detectedMs, resubscribedMs, agreedMs } = figures;
  const targets = [
    atMost('lost stream detected', detectedMs, DETECTED_MS, 'ms'),
    atMost('ledger = venue after the reconnect', agreedMs, AGREED_MS, 'ms'),
  ];
  const rows = [
    ['silence to the first new subscription', detectedMs],
    [`to all ${wallets} wallets subscribed`, resubscribedMs],
    [`to all ${orders} fills in the ledger`, agreedMs],
  ].map(([what, ms]) => [String(what), String(ms)]);
  return {
    document: {
      wallets,
      orders,
      detected_ms: detectedMs,
      resubscribed_ms: resubscribedMs,
      agreed_ms: agreedMs,
      targets,
      wrong,
    },
    text: [table(['what', 'ms'], rows, ['ms']), '', ...targets.map(targetLine)].join('\n'),
    wrong,
    redis,
  };
}

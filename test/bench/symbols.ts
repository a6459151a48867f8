/**
 * A whole exchange's rules (design section 14): read, stored on DynamoDB Local, and stored again unchanged. Counts time
 * and the memory of the process that does it; the database is another one.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { bundle } from '../../infra/bundle/bundle.ts';
import { table } from '../../infra/local/demo/table.ts';
import { Logs } from '../../infra/local/processes/logs.ts';
import { startDynamo } from '../../infra/local/services/dynamodb.ts';
import { createDynamoClient } from '../../shared/adapters/dynamodb/client.ts';
import { exchangeInfoJson } from '../support/exchange-info-json.ts';
import { atMost, type BenchResult, targetLine } from './report.ts';
import type { ImportFigures } from './symbols-import.ts';

const SYMBOLS = 3000;
const TABLE = 'symbols';
const MEGABYTE = 2 ** 20;

const TIMEOUT_MS = 120_000;
/** The collector waits as long as it has room: it gets the room that the target leaves. */
const HEAP = ['--max-old-space-size=96', '--max-semi-space-size=8'];

const round = (n: number): number => Math.round(n * 100) / 100;

/** Bundled as the functions are, in a process of its own: this one has grown by what the other benchmarks need. */
async function runImport(folder: string, file: string, endpoint: string): Promise<ImportFigures> {
  const entry = {
    name: 'import',
    entry: 'test/bench/symbols-import.ts',
    copy: [],
    runsOn: 'lambda',
  } as const;
  const [built] = await bundle({ distDir: folder, entries: [entry] });
  const words = [built?.file ?? '', file, endpoint, TABLE, String(SYMBOLS)];
  const child = spawnSync(process.execPath, [...HEAP, ...words], {
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.error !== undefined) throw child.error;
  if (child.status !== 0) throw new Error(`the import ended with ${child.status ?? child.signal}`);
  return JSON.parse(child.stdout) as ImportFigures;
}

export async function benchSymbols(note: (line: string) => void): Promise<BenchResult> {
  const folder = mkdtempSync(join(tmpdir(), 'moniqo-bench-'));
  const logs = new Logs({ directory: folder, verbose: false, show: note });
  const { endpoint, program } = await startDynamo(logs);
  const client = createDynamoClient({
    ...{ endpoint, region: 'local', requestTimeoutMs: 20_000 },
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  try {
    await client.send(
      new CreateTableCommand({
        TableName: TABLE,
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'S' },
          { AttributeName: 'sk', AttributeType: 'S' },
        ],
      }),
    );
    const file = join(folder, 'exchange-info.json');
    const text = exchangeInfoJson(SYMBOLS);
    writeFileSync(file, text);
    const { rows, wrong, peakMegabytes } = await runImport(folder, file, endpoint);
    const secondsOf = (step: string): number => rows.find((row) => row.step === step)?.seconds ?? Number.NaN;
    const targets = [
      atMost('read and stored', round(secondsOf('read') + secondsOf('store')), 10, 's'),
      atMost('memory of the process at its largest', peakMegabytes, 200, 'MB'),
    ];
    const columns = ['seconds', 'memory, MB'];
    const cells = rows.map((row) => [row.step, row.seconds.toFixed(2), row.megabytes.toFixed(0)]);
    const size = round(text.length / MEGABYTE);
    const head = `${SYMBOLS.toLocaleString('en-US')} symbols, ${size} MB of JSON; bundled, with a heap of 96 MB`;
    const lines = [head, '', table(['step', ...columns], cells, columns), '', ...targets.map(targetLine)];
    return {
      document: {
        symbols: SYMBOLS,
        json_megabytes: size,
        rows,
        peak_megabytes: peakMegabytes,
        targets,
        wrong,
      },
      text: lines.join('\n'),
      wrong,
    };
  } finally {
    client.destroy();
    await program.stop(0);
    await logs.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

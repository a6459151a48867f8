/** The import that `bench -- symbols` measures, in a process of its own: FILE ENDPOINT TABLE COUNT. One JSON document. */
import { readFileSync } from 'node:fs';
import { createDynamoClient } from '../../shared/adapters/dynamodb/client.ts';
import { createSymbolStore } from '../../shared/adapters/dynamodb/symbol-store.ts';
import { parseExchangeInfo, type ReadExchangeInfo } from '../../shared/venues/binance/exchange-info.ts';

export interface ImportFigures {
  readonly rows: readonly {
    readonly step: string;
    readonly seconds: number;
    /** Resident memory at the end of the step. */
    readonly megabytes: number;
  }[];
  /** The largest that the process was until the rules were stored twice. */
  readonly peakMegabytes: number;
  readonly wrong: readonly string[];
}

const ENVIRONMENT = 'binance';
const MEGABYTE = 2 ** 20;
const round = (n: number): number => Math.round(n * 100) / 100;

async function measure(file: string, endpoint: string, table: string, count: number): Promise<ImportFigures> {
  const client = createDynamoClient({
    ...{ endpoint, region: 'local', requestTimeoutMs: 20_000 },
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const store = createSymbolStore({ client, symbolsTable: table });
  const rows: { step: string; seconds: number; megabytes: number }[] = [];
  const wrong: string[] = [];
  const megabytes = (): number => round(process.memoryUsage.rss() / MEGABYTE);
  const step = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const started = performance.now();
    const done = await work();
    rows.push({
      step: name,
      seconds: round((performance.now() - started) / 1000),
      megabytes: megabytes(),
    });
    return done;
  };
  const expect = (what: string, found: number): void => {
    if (found !== count) wrong.push(`${found} of ${count} symbols ${what}`);
  };

  await step('start', async () => undefined);
  const info = await step('read', async () => parseExchangeInfo(JSON.parse(readFileSync(file, 'utf8'))));
  expect('were read', info.symbols.length);
  const save = (what: ReadExchangeInfo) => store.save(ENVIRONMENT, what, 1);
  const first = await step('store', () => save(info));
  expect('were stored', first.added);
  const again = await step('store again, unchanged', () => save(info));
  expect('were left as they were', again.unchanged);
  const peakMegabytes = round(process.resourceUsage().maxRSS / 1024);
  const all = await step('read back', () => store.all(ENVIRONMENT));
  expect('were read back', all.length);
  client.destroy();
  return { rows, peakMegabytes, wrong };
}

if (import.meta.main) {
  const [file = '', endpoint = '', table = '', count = ''] = process.argv.slice(2);
  process.stdout.write(JSON.stringify(await measure(file, endpoint, table, Number(count))));
}

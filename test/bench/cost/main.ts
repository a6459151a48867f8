/**
 * `npm run cost:measure`: counts anew what each operation takes, and writes the table that `npm run cost` multiplies
 * (infra/cost/measured.json). About ten minutes; `--print` writes nothing and prints it.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OptionError, readOptions } from '../../../infra/command-line.ts';
import { MeasuredFile } from '../../../infra/cost/measured.ts';
import { machine, machineLoad, versions } from '../../../infra/local/demo/machine.ts';
import { measureCost, SHAPE } from './measure.ts';

const FILE = join(import.meta.dirname, '..', '..', '..', 'infra', 'cost', 'measured.json');
const note = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(): Promise<void> {
  const given = readOptions(process.argv.slice(2), { withValue: new Set(), flags: new Set(['--print']) });
  const before = machineLoad();
  const { redis, ...measured } = await measureCost(SHAPE, note);
  const document = MeasuredFile.parse({
    measured_at: new Date().toISOString(),
    machine: machine(),
    versions: versions(redis),
    load_before: before,
    shape: SHAPE,
    ...measured,
  });
  const text = `${JSON.stringify(document, null, 2)}\n`;
  if (given.has('--print')) process.stdout.write(text);
  else writeFileSync(FILE, text);
}

try {
  await main();
} catch (error) {
  note(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exitCode = error instanceof OptionError ? 2 : 1;
}

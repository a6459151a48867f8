/** `npm run cost`: what a month costs (docs/cost.md). */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../bundle/bundle.ts';
import { OptionError } from '../command-line.ts';
import { synthesize } from '../stacks/build-app.ts';
import type { Stage } from '../stacks/settings.ts';
import { billOf } from './bill.ts';
import { type Inventory, readInventory } from './inventory.ts';
import { COST_HELP, parseCost } from './load.ts';
import { readMeasured } from './measured.ts';
import { naiveOf } from './naive.ts';
import { between, costJson, costMarkdown, costText, operationsMarkdown } from './print.ts';

const EXIT_USAGE = 2;
const DOCS = join(PROJECT_ROOT, 'docs', 'cost.md');

async function inventoryOf(stage: Stage): Promise<Inventory> {
  const folder = mkdtempSync(join(tmpdir(), 'moniqo-cost-'));
  try {
    return readInventory(await synthesize(folder, { stage }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function main(): Promise<number> {
  const command = parseCost(process.argv.slice(2));
  if (command === null) {
    process.stdout.write(COST_HELP);
    return 0;
  }
  const measured = readMeasured();
  const inventories = new Map<Stage, Inventory>();
  for (const { stage } of command.loads) {
    if (!inventories.has(stage)) inventories.set(stage, await inventoryOf(stage));
  }
  const reckoned = command.loads.map((load) => {
    const inventory = inventories.get(load.stage);
    if (inventory === undefined) throw new Error(`no templates of ${load.stage}`);
    const bill = billOf(load, inventory, measured);
    return { bill, naive: naiveOf(bill) };
  });
  if (command.docs) {
    const bills = between(readFileSync(DOCS, 'utf8'), 'bills', costMarkdown(reckoned, measured));
    writeFileSync(DOCS, between(bills, 'operations', operationsMarkdown(measured)));
  }
  process.stdout.write(command.json ? costJson(reckoned, measured) : costText(reckoned, measured));
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof OptionError ? EXIT_USAGE : 1;
}

/** `npm run build`: bundles everything into dist/, the console's page too, and prints the sizes; fails when a bundle is too large. */
import { relative } from 'node:path';
import { ensureConsole } from '../console/ensure.ts';
import { bundle, PROJECT_ROOT } from './bundle.ts';

const started = performance.now();
const [results, page] = await Promise.all([bundle(), ensureConsole()]);
for (const { name, file, bytes, maxBytes } of results) {
  const share = Math.round((bytes / maxBytes) * 100);
  console.log(
    `${name.padEnd(12)} ${(bytes / 1000).toFixed(1).padStart(8)} kB  ${String(share).padStart(3)} % of the limit  ${relative(PROJECT_ROOT, file)}`,
  );
}
console.log(`${'console'.padEnd(12)} ${relative(PROJECT_ROOT, page)}`);
console.log(`${results.length} bundles in ${Math.round(performance.now() - started)} ms`);

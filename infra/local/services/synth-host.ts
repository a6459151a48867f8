/**
 * Bundles the functions and synthesises the CDK app, in a process of its own: the CDK's memory is gone when
 * it ends, and two systems that start at once do not write into each other's folders.
 * Arguments: folder for the assembly, folder for the bundles.
 */
import { synthesize } from '../../stacks/build-app.ts';

process.on('disconnect', () => process.exit(1));
process.on('SIGINT', () => {
  // Ctrl-C reaches the whole terminal group; the parent decides about the order.
});

const [outdir, distDir] = process.argv.slice(2);
if (outdir === undefined || distDir === undefined) throw new Error('usage: synth-host OUTDIR DISTDIR');
await synthesize(outdir, { distDir });
process.disconnect();
process.exit(0);

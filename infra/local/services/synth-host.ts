/**
 * Bundles the functions and synthesises the CDK app, in a process of its own: the CDK's memory is gone when
 * it ends, and two systems that start at once do not write into each other's folders.
 * Without the stacks of the console: the laptop serves it by itself (infra/local/http/console-server.ts).
 * Web pages that may call the API are named in CORS_ORIGINS, as `-c cors-origins=` names them when it is deployed.
 * Arguments: folder for the assembly, folder for the bundles.
 */
import { synthesize } from '../../stacks/build-app.ts';

const [outdir, distDir] = process.argv.slice(2);
if (outdir === undefined || distDir === undefined) throw new Error('usage: synth-host OUTDIR DISTDIR');
const origins = process.env['CORS_ORIGINS'] ?? '';
await synthesize(outdir, { distDir, context: { 'cors-origins': origins, console: 'off' } });

/** Builds the console's page, in a process of its own: the build's memory is gone when it ends, and the system starts meanwhile. */
import { ensureConsole } from '../../console/ensure.ts';

await ensureConsole();

/** The demo book and the tape in memory are held to the contracts of the real ones. */
import { describeDemoStore } from '../../contracts/demo-store.ts';
import { describeTape } from '../../contracts/tape.ts';
import { MemoryTape } from '../../support/fakes/memory-cache.ts';
import { MemoryDemoStore } from '../../support/fakes/memory-demo-store.ts';

describeDemoStore('the demo store in memory', async () => new MemoryDemoStore());
describeTape('the tape store in memory', async () => new MemoryTape());

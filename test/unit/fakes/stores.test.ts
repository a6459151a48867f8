/** The demo book, the tape and the comparisons in memory are held to the contracts of the real ones. */
import { describeDemoStore } from '../../contracts/demo-store.ts';
import { describeReconcileStore } from '../../contracts/reconcile-store.ts';
import { describeTape } from '../../contracts/tape.ts';
import { MemoryTape } from '../../support/fakes/memory-cache.ts';
import { MemoryDemoStore } from '../../support/fakes/memory-demo-store.ts';
import { MemoryReconcile } from '../../support/fakes/memory-reconcile.ts';

describeDemoStore('the demo store in memory', async () => new MemoryDemoStore());
describeTape('the tape store in memory', async () => new MemoryTape());
describeReconcileStore('the store of comparisons in memory', async () => new MemoryReconcile());

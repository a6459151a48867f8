export { MemoryStore, memoryStore } from '../../support/fakes/memory-demo-store.ts';

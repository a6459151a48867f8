/** The wallet store in memory is held to the contract of the real one, also with indexes that lag. */
import { describeWallets } from '../../contracts/wallets.ts';
import { NOW } from '../../integration/dynamodb/samples.ts';
import { MemoryWallets } from '../../support/fakes/memory-wallets.ts';

describeWallets('wallets in memory', async () => ({
  wallets: new MemoryWallets(),
  caughtUp: async () => undefined,
}));

describeWallets('wallets in memory with indexes that lag', async () => {
  let now = NOW;
  const wallets = new MemoryWallets({ lag: { now: () => now, ms: () => 999, mostMs: 1000 } });
  const caughtUp = async (): Promise<void> => {
    now += 1000;
  };
  return { wallets, caughtUp };
});

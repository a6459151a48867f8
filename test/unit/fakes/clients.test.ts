import { describeClients } from '../../contracts/clients.ts';
import { MemoryClients } from '../../support/fakes/memory-clients.ts';
import { MemoryLedger } from '../../support/fakes/memory-ledger.ts';

describeClients('machine clients in memory', async () => {
  const clients = new MemoryClients();
  return { clients, ledger: new MemoryLedger({ clients }) };
});

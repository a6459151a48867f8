/** The HTTP API's Lambda: answers the routes of routes.ts (design section 17). */
import { createKeySealer } from '../../shared/adapters/keys/sealer.ts';
import { httpHandler } from '../../shared/http/handler.ts';
import { makeExchangeReads } from '../compose/exchange.ts';
import { startSystem } from '../compose/system.ts';
import { makeCommands } from '../compose/use-cases.ts';
import { translateError } from './errors.ts';
import { apiOperations } from './operations.ts';
import { ROUTES } from './routes.ts';
import { apiDeps } from './wire.ts';

const { ports, keySealer, exchange } = startSystem('api', { sealer: createKeySealer });

export const handler = httpHandler({
  routes: ROUTES,
  operations: apiOperations(
    apiDeps(ports, makeCommands(ports, keySealer), exchange && makeExchangeReads(exchange)),
  ),
  log: ports.log,
  clock: ports.clock,
  translate: translateError,
  findClient: (clientId) => ports.clients.get(clientId),
});

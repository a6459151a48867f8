/** The WebSocket API's Lambda: connect with a token, subscribe, ping, disconnect (design section 14). */
import { createDynamoClient } from '../../shared/adapters/dynamodb/client.ts';
import { createClientStore } from '../../shared/adapters/dynamodb/client-store.ts';
import { createSymbolStore } from '../../shared/adapters/dynamodb/symbol-store.ts';
import { createSqsClient } from '../../shared/adapters/sqs/client.ts';
import { createPriceWakes } from '../../shared/adapters/sqs/price-wakes.ts';
import { builtInDirectory } from '../../shared/adapters/symbols/built-in.ts';
import { createSymbolDirectory } from '../../shared/adapters/symbols/directory.ts';
import { symbolRegistry } from '../../shared/domain/symbols.ts';
import { createLog } from '../compose/log.ts';
import { loadSocketConfig } from './config.ts';
import { socketHandler } from './socket-routes.ts';
import { tokenCheck } from './token.ts';
import { tellPorts, withTell } from './wire.ts';

const config = loadSocketConfig(process.env);
const log = createLog('socket');
const client = createDynamoClient();
const machines = createClientStore({ client, clientsTable: config.tables.clients });
const ports = tellPorts(client, config, log);
const { tables, environment, pricesQueueUrl } = config;

export const handler = socketHandler({
  ...withTell(ports),
  known: {
    symbols: createSymbolDirectory({
      builtIn: builtInDirectory(symbolRegistry()),
      store: createSymbolStore({ client, symbolsTable: tables.symbols }),
      environment,
      now: ports.clock.now,
    }),
    served: environment === null ? ['demo'] : ['demo', environment],
  },
  priceWakes: createPriceWakes(createSqsClient(), pricesQueueUrl),
  checkToken: tokenCheck({ ...config, findClient: (clientId) => machines.get(clientId) }),
});

/** The WebSocket API's Lambda: connect with a token, subscribe, ping, disconnect (design section 14). */
import { createDynamoClient } from '../../shared/adapters/dynamodb/client.ts';
import { createClientStore } from '../../shared/adapters/dynamodb/client-store.ts';
import { createLog } from '../compose/log.ts';
import { loadSocketConfig } from './config.ts';
import { socketHandler } from './socket-routes.ts';
import { tokenCheck } from './token.ts';
import { tellPorts, withTell } from './wire.ts';

const config = loadSocketConfig(process.env);
const log = createLog('socket');
const client = createDynamoClient();
const machines = createClientStore({ client, clientsTable: config.tables.clients });

export const handler = socketHandler({
  ...withTell(tellPorts(client, config, log)),
  checkToken: tokenCheck({ ...config, findClient: (clientId) => machines.get(clientId) }),
});

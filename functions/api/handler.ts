/** The HTTP API's Lambda: answers the routes of routes.ts (design section 17). */
import { createKeySealer } from '../../shared/adapters/keys/sealer.ts';
import { createRateLimits } from '../../shared/adapters/valkey/rate-limits.ts';
import { httpHandler } from '../../shared/http/handler.ts';
import { makeExchangeReads } from '../compose/exchange.ts';
import { startSystem } from '../compose/system.ts';
import { makeCommands } from '../compose/use-cases.ts';
import { recordCalls } from './audit.ts';
import { startClientProof } from './client-proof.ts';
import { apiOperations } from './operations.ts';
import { requestLimits } from './request-limits.ts';
import { ROUTES } from './routes.ts';
import { startWebhooks } from './start-webhooks.ts';
import { translateError } from './translate.ts';
import { apiDeps } from './wire.ts';

const { ports, keySealer, exchange, config, valkey, audit } = startSystem('api', { sealer: createKeySealer });

export const handler = httpHandler({
  routes: ROUTES,
  operations: apiOperations({
    ...apiDeps(
      ports,
      makeCommands(ports, keySealer),
      startWebhooks(ports),
      exchange && makeExchangeReads(exchange),
    ),
    audit,
    clientOf: startClientProof(),
  }),
  record: recordCalls({ audit, counters: ports.counters, clock: ports.clock, log: ports.log }),
  log: ports.log,
  clock: ports.clock,
  translate: translateError,
  findClient: (clientId) => ports.clients.get(clientId),
  admit: requestLimits({
    limits: createRateLimits(valkey),
    counters: ports.counters,
    perMinute: config.requestsPerMinute,
    clock: ports.clock,
    log: ports.log,
  }),
});

/** What tells a connection, over DynamoDB and API Gateway. */
import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createConnectionStore } from '../../shared/adapters/dynamodb/connection-store.ts';
import { createEventStore } from '../../shared/adapters/dynamodb/event-store.ts';
import { createConnectionGateway, type GatewayOptions } from '../../shared/adapters/gateway/connections.ts';
import type { Log } from '../../shared/ports/runtime.ts';
import { makeTellConnection, type TellPorts } from '../../shared/usecases/push/tell-connection.ts';

interface TellConfig {
  readonly gateway: Pick<GatewayOptions, 'pushUrl' | 'region' | 'credentials'>;
  readonly tables: { readonly events: string; readonly connections: string };
}

export function tellPorts(client: DynamoDBClient, { gateway, tables }: TellConfig, log: Log): TellPorts {
  const now = (): number => Date.now();
  return {
    events: createEventStore({ client, eventsTable: tables.events, now }),
    connections: createConnectionStore({ client, connectionsTable: tables.connections, now }),
    gateway: createConnectionGateway({ ...gateway, now }),
    clock: { now },
    ids: { token: () => randomUUID() },
    log,
  };
}

export const withTell = (ports: TellPorts) => ({ ...ports, tell: makeTellConnection(ports) });

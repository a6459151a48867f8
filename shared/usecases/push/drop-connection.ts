/** The server ends a connection: the last word, if it takes any, and the end. */
import type { Connection, ConnectionGateway, ConnectionStore } from '../../ports/push.ts';
import type { ClosingCode } from '../../ports/push-messages.ts';
import type { Log } from '../../ports/runtime.ts';
import { cursorText } from './event-view.ts';

interface Needs {
  readonly connections: Pick<ConnectionStore, 'remove'>;
  readonly gateway: ConnectionGateway;
  readonly log: Log;
}

type Id = Pick<Connection, 'userId' | 'connectionId'>;

/** `sent`: the last event that it was told of. */
export const makeDropConnection =
  ({ connections, gateway, log }: Needs) =>
  async (id: Id, code: ClosingCode, sent: number): Promise<void> => {
    log.info('CONNECTION_DROPPED', { connectionId: id.connectionId, code });
    await connections.remove(id);
    await gateway.post(id.connectionId, { type: 'closing', code, cursor: cursorText(sent) });
    await gateway.close(id.connectionId);
  };

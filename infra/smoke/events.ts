/** What a user is told over the WebSocket while the smoke test trades (docs/push.md). */
import { type EventView, follow } from '../../shared/client/push.ts';
import { SmokeFailure } from './report.ts';

/** Opens a connection that has subscribed. @throws what it was not let in for */
export type OpenEvents = (heard: (event: EventView) => void) => Promise<{ close(): void }>;

const OPEN_TIMEOUT_MS = 20_000;

export const eventsAt =
  (url: string, token: () => Promise<string>): OpenEvents =>
  async (heard) => {
    const opened = connect(url, await token(), heard);
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      late.reject(new SmokeFailure(`no answer within ${OPEN_TIMEOUT_MS / 1_000} s`));
      // One that opens after all is closed; one that never does has nothing to close.
      opened.then(
        (following) => following.close(),
        () => undefined,
      );
    }, OPEN_TIMEOUT_MS);
    try {
      return await Promise.race([opened, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  };

async function connect(url: string, token: string, onEvent: (event: EventView) => void) {
  let refused: string | null = null;
  const following = await follow({
    ...{ url, token, onEvent },
    subscribe: { channels: ['orders', 'positions'] },
    onError: ({ code, message }) => {
      refused ??= `${code}: ${message}`;
    },
  });
  if (refused === null) return following;
  following.close();
  throw new SmokeFailure(refused);
}

/** That the entry order is filled and its position closed again. */
export const isTold = (events: readonly EventView[], orderId: string, positionId: string): boolean =>
  events.some(
    ({ type, data }) => type === 'order' && data['order_id'] === orderId && data['status'] === 'filled',
  ) &&
  events.some(
    ({ type, data }) =>
      type === 'position' && data['position_id'] === positionId && data['change'] === 'closed',
  );

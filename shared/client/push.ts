/**
 * Follows events and prices over the WebSocket (docs/push.md), typed by what the server says.
 *
 * One connection: when it ends, `onEnd` has the cursor to come back with. Needs `WebSocket` as browsers have it, and Node
 * from version 22 on.
 */
import type { EventView, PushedPrice, PushMessage, PushRequest } from '../ports/push-messages.ts';

export type { EventView, PushedPrice, PushMessage, PushRequest };

export interface FollowOptions {
  /** `ws://127.0.0.1:8787/push`; deployed: the output `PushUrl`. */
  readonly url: string;
  readonly token: string;
  readonly subscribe: Omit<Extract<PushRequest, { action: 'subscribe' }>, 'action'>;
  readonly onEvent?: (event: EventView) => void;
  readonly onPrice?: (price: PushedPrice) => void;
  /** What the server refuses; what was subscribed to before stays. */
  readonly onError?: (error: Extract<PushMessage, { type: 'error' }>) => void;
  /** Whatever came, answers to `ping` too: what says nothing at all for longer than that is dead. */
  readonly onHeard?: () => void;
  /** How long it may take to open and to be answered; default: as long as the system lets it. */
  readonly timeoutMs?: number;
  /** `code`: why the server ended it; null: it did not say. `cursor`: of the last event; null: there was none. */
  readonly onEnd?: (end: { readonly code: string | null; readonly cursor: string | null }) => void;
}

export interface Following {
  /** In place of what was subscribed to before. */
  subscribe(to: FollowOptions['subscribe']): void;
  /** Each minute or so: a silent connection is ended after ten minutes. */
  ping(): void;
  /** Of the last event, or where it began: what to come back with. Null = it has not subscribed. */
  cursor(): string | null;
  close(): void;
}

/** Resolves when it has subscribed, or was refused (`onError`). @throws when it cannot be opened: no good token, too many */
export async function follow(options: FollowOptions): Promise<Following> {
  const { url, token, onEvent, onPrice, onError, onHeard, onEnd, timeoutMs } = options;
  const socket = new WebSocket(url, ['moniqo.v1', `bearer.${token}`]);
  const answered = Promise.withResolvers<void>();
  let cursor = options.subscribe.cursor ?? null;
  let code: string | null = null;

  const say = (request: PushRequest): void => socket.send(JSON.stringify(request));
  const subscribe = (to: FollowOptions['subscribe']): void => say({ action: 'subscribe', ...to });

  const hear = (message: PushMessage): void => {
    onHeard?.();
    switch (message.type) {
      case 'events':
        for (const event of message.events) {
          cursor = event.id;
          onEvent?.(event);
        }
        return;
      case 'prices':
        for (const price of message.prices) onPrice?.(price);
        return;
      case 'subscribed':
        cursor = message.cursor;
        answered.resolve();
        return;
      case 'error':
        onError?.(message);
        answered.resolve();
        return;
      case 'closing':
        code = message.code;
        return;
      case 'pong':
        return;
    }
  };

  socket.addEventListener('open', () => subscribe(options.subscribe));
  socket.addEventListener('message', ({ data }) => hear(JSON.parse(String(data)) as PushMessage));
  const patience = timeoutMs === undefined ? undefined : setTimeout(() => socket.close(), timeoutMs);
  socket.addEventListener('close', () => {
    clearTimeout(patience);
    answered.reject(new Error('the connection could not be opened'));
    onEnd?.({ code, cursor });
  });
  await answered.promise;
  clearTimeout(patience);
  return {
    subscribe,
    ping: () => say({ action: 'ping' }),
    cursor: () => cursor,
    close: () => socket.close(),
  };
}

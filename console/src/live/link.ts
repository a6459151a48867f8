/** Holds the push connection: connects, pings, follows the symbols that are wanted, and asks `connection.ts` what to do. */
import { signal } from '@preact/signals';
import { type EventView, type Following, follow, type PushedPrice } from '../../../shared/client/push.ts';
import { INITIAL, type LinkAction, type LinkEvent, type LinkState, step } from './connection.ts';

export interface LinkOptions {
  readonly url: string;
  readonly token: () => Promise<string>;
  readonly onEvent: (event: EventView) => void;
  readonly onPrice: (price: PushedPrice) => void;
  /** Read everything anew. */
  readonly onLoad: () => void;
  /** At most 50. */
  readonly symbols: () => readonly string[];
}

export interface Link {
  readonly state: { readonly value: LinkState };
  start(): void;
  /** The wanted symbols are others now. */
  follow(): void;
  /** Whether the page has to ask by itself. */
  isPolling(): boolean;
  stop(): void;
}

const CHANNELS = ['orders', 'fills', 'positions', 'alarms'] as const;
const PING_MS = 20_000;
/** Nothing heard for so long, not even a pong: it is dead, whatever the browser says. */
const SILENT_MS = 45_000;
const OPENING_MS = 10_000;

export function createLink(options: LinkOptions): Link {
  const { url, token, onEvent, onPrice, onLoad, symbols } = options;
  const state = signal<LinkState>(INITIAL);
  let following: Following | null = null;
  /** Takes the connection that stands for ended, without waiting for its socket to say so. */
  let lose: (() => void) | null = null;
  let heardAt = 0;
  let waiting: ReturnType<typeof setTimeout> | undefined;
  let isPolling = false;
  let isStopped = false;
  /** Of the connection that counts; what an earlier one still says is not heard. */
  let generation = 0;

  const tell = (event: LinkEvent): void => {
    if (isStopped) return;
    const next = step(state.peek(), event, Math.random());
    state.value = next.state;
    for (const action of next.actions) act(action);
  };

  const act = (action: LinkAction): void => {
    switch (action.do) {
      case 'connect':
        void connect(action.cursor);
        return;
      case 'load':
        onLoad();
        return;
      case 'poll':
        isPolling = action.on;
        return;
      case 'wait':
        clearTimeout(waiting);
        waiting = setTimeout(() => tell({ kind: 'retry' }), action.ms);
        return;
    }
  };

  let asked = '';
  const subscription = (cursor: string | null) => {
    const wanted = symbols();
    asked = wanted.join();
    return {
      channels: wanted.length === 0 ? CHANNELS : ([...CHANNELS, 'prices'] as const),
      ...(wanted.length > 0 && { symbols: wanted }),
      ...(cursor !== null && { cursor }),
    };
  };

  const connect = async (cursor: string | null): Promise<void> => {
    generation += 1;
    const mine = generation;
    const isMine = (): boolean => mine === generation && !isStopped;
    let refusal: string | null = null;
    let isOver = false;
    const end = (code: string | null, last: string | null): void => {
      if (!isMine() || isOver) return;
      isOver = true;
      following = null;
      lose = null;
      tell({ kind: 'ended', at: Date.now(), code, cursor: last });
    };
    try {
      const made = await follow({
        url,
        token: await token(),
        subscribe: subscription(cursor),
        timeoutMs: OPENING_MS,
        onEvent: (event) => isMine() && onEvent(event),
        onPrice: (price) => isMine() && onPrice(price),
        onError: ({ code }) => {
          refusal = code;
        },
        onHeard: () => {
          heardAt = Date.now();
        },
        onEnd: ({ code, cursor: last }) => end(code ?? refusal, last),
      });
      if (!isMine() || isOver) return made.close();
      if (refusal !== null) {
        made.close();
        return end(refusal, cursor);
      }
      heardAt = Date.now();
      following = made;
      lose = () => {
        made.close();
        end(null, made.cursor());
      };
      tell({ kind: 'opened', at: Date.now() });
      // What is wanted may have changed while it opened.
      if (symbols().join() !== asked) made.subscribe(subscription(made.cursor()));
    } catch {
      // Of no token or no connection: which of them, whoever asks the API next is told.
      end(null, cursor);
    }
  };

  const beat = setInterval(() => {
    if (following === null) return;
    if (Date.now() - heardAt > SILENT_MS) lose?.();
    else following.ping();
  }, PING_MS);
  const online = (): void => tell({ kind: 'retry' });
  window.addEventListener('online', online);

  return {
    state,
    start: () => tell({ kind: 'start' }),
    follow: () => following?.subscribe(subscription(following.cursor())),
    isPolling: () => isPolling,
    stop: () => {
      isStopped = true;
      clearTimeout(waiting);
      clearInterval(beat);
      window.removeEventListener('online', online);
      following?.close();
    },
  };
}

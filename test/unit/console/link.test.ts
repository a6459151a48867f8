/** The push connection over a network that is gone: a browser does not say so, and a closed socket may take a minute to end. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLink } from '../../../console/src/live/link.ts';

/** Opens, subscribes, and is then as silent as the test likes; `close` is never answered. */
class Socket extends EventTarget {
  static made: Socket[] = [];
  isDeaf = false;
  closed = 0;
  constructor() {
    super();
    Socket.made.push(this);
    queueMicrotask(() => this.dispatchEvent(new Event('open')));
  }
  send(text: string): void {
    if (this.isDeaf) return;
    const { action } = JSON.parse(text) as { action: string };
    const answer = action === 'ping' ? { type: 'pong' } : { type: 'subscribed', cursor: '7' };
    queueMicrotask(() => this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(answer) })));
  }
  close(): void {
    this.closed += 1;
  }
}

beforeEach(() => {
  Socket.made = [];
  vi.useFakeTimers();
  vi.stubGlobal('WebSocket', Socket);
  vi.stubGlobal('window', new EventTarget());
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const aLink = () =>
  createLink({
    url: 'ws://127.0.0.1:1/push',
    token: async () => 't',
    symbols: () => [],
    onEvent: () => undefined,
    onPrice: () => undefined,
    onLoad: () => undefined,
  });

describe('a push connection', () => {
  it('that answers stays', async () => {
    const link = aLink();
    link.start();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(link.state.value.mode).toBe('live');
    expect(Socket.made).toHaveLength(1);
    link.stop();
  });

  it('that is silent is lost at once, whether its socket ends or not: the page polls, and goes on from its cursor', async () => {
    const link = aLink();
    link.start();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(link.state.value.mode).toBe('live');
    const [first] = Socket.made;
    if (first === undefined) throw new Error('no socket was opened');
    first.isDeaf = true;
    await vi.advanceTimersByTimeAsync(66_000);
    expect(first.closed).toBe(1);
    expect(Socket.made).toHaveLength(2);
    expect(link.state.value).toMatchObject({ mode: 'live', cursor: '7' });
    // What the first one says in the end is nobody's any more.
    first.dispatchEvent(new Event('close'));
    expect(link.state.value.mode).toBe('live');
    link.stop();
  });
});

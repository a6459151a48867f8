/**
 * The connection to Valkey (or Redis): connects on first use, reconnects for ever, and answers or fails within the
 * command timeout. A command that timed out may still have been carried out; every caller's step can be repeated.
 *
 * One connection, no database numbers, no keyspace commands: Valkey Serverless takes it as it is, each command
 * touching one slot.
 */
// Only the plain client: the package's front door brings clusters and sentinels, a tenth of a bundle.
import client_ from '@redis/client/dist/lib/client/index.js';

/** A CommonJS module's default: the runtime and the bundler hand on the module, the test runner the class itself. */
const RedisClient =
  'default' in client_ ? client_.default : (client_ as unknown as (typeof client_)['default']);

export interface Valkey {
  /** Sends one command. Throws ValkeyTimeoutError, or the server's error. Calls made together share a round trip. */
  command(args: readonly string[]): Promise<unknown>;
  /** Finishes what is under way (bounded by the command timeout) and closes. */
  close(): Promise<void>;
}

export interface ValkeyOptions {
  /** [2000] */
  readonly connectTimeoutMs?: number;
  /** [2000] From the call to the answer, reconnecting included. */
  readonly commandTimeoutMs?: number;
  /** Told of each connection failure; the client goes on by itself. */
  readonly onError?: (error: Error) => void;
}

export class ValkeyTimeoutError extends Error {
  override readonly name = 'ValkeyTimeoutError';
  constructor(command: string, ms: number, lastError: Error | null) {
    super(
      `no answer to ${command} within ${ms} ms${lastError === null ? '' : ` (connection: ${lastError.message})`}`,
    );
  }
}

const RECONNECT_FIRST_MS = 50;
const RECONNECT_MAX_MS = 2000;

/** `url`: redis:// or rediss:// (TLS), with host and port. */
export function createValkey(url: string, options: ValkeyOptions = {}): Valkey {
  const timeoutMs = options.commandTimeoutMs ?? 2000;
  let lastError: Error | null = null;
  const client = RedisClient.create({
    url,
    RESP: 2,
    socket: {
      connectTimeout: options.connectTimeoutMs ?? 2000,
      keepAlive: true,
      reconnectStrategy: (retries) =>
        Math.min(RECONNECT_FIRST_MS * 2 ** Math.min(retries, 10), RECONNECT_MAX_MS) *
        (0.5 + Math.random() / 2),
    },
    // None of its own (see `command`): each is a timer that runs to its end, and an error made, for every command that was
    // answered long ago.
    commandOptions: { timeout: 0 },
  });
  client.on('error', (error: Error) => {
    lastError = error;
    options.onError?.(error);
  });
  client.on('ready', () => {
    lastError = null;
  });

  let connecting = false;
  let closed = false;
  /** Connects once; a failure is told by 'error' and shows in the command's timeout, so it is not thrown twice. */
  const connect = (): void => {
    if (connecting || client.isOpen || closed) return;
    connecting = true;
    client
      .connect()
      .catch((error: unknown) => {
        lastError = error instanceof Error ? error : new Error(String(error));
      })
      .finally(() => {
        connecting = false;
      });
  };

  const command = async (args: readonly string[]): Promise<unknown> => {
    connect();
    let timer: NodeJS.Timeout | undefined;
    let isAnswered = false;
    // A command that could not be sent in time is dropped from the queue, not sent late.
    const late = new AbortController();
    const timeout = new Promise<never>((_, reject) => {
      const giveUp = (): void => {
        if (isAnswered) return;
        reject(new ValkeyTimeoutError(args[0] ?? '', timeoutMs, lastError));
        late.abort();
      };
      // What has arrived while this process was busy is read before anything counts as late: a streamer that is behind
      // would otherwise send all that was answered once more, and fall further behind.
      timer = setTimeout(() => setImmediate(giveUp), timeoutMs);
    });
    try {
      return await Promise.race([client.sendCommand([...args], { abortSignal: late.signal }), timeout]);
    } finally {
      isAnswered = true;
      clearTimeout(timer);
    }
  };

  const close = async (): Promise<void> => {
    closed = true;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    // Without a connection there is nothing to finish.
    if (client.isReady) await Promise.race([client.close(), patience]);
    clearTimeout(timer);
    client.destroy();
  };

  return { command, close };
}

/**
 * The connection to Valkey (or Redis): connects on first use, reconnects for ever, also when the other side has gone
 * without a word, and answers or fails within the command timeout. A command that timed out may still have been carried
 * out; every caller's step can be repeated.
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

/** What a connection begins with; asked for each one. */
export type Login = () => Promise<{ readonly username: string; readonly password: string }>;

export interface ValkeyOptions {
  /** Absent: the server lets in whoever reaches it. */
  readonly login?: Login;
  /** [6 h] A connection logs in again after this: the managed cache ends one that has not for 12 h. */
  readonly loginAgainMs?: number;
  /** [2000] */
  readonly connectTimeoutMs?: number;
  /** [2000] From the call to the answer, reconnecting included. */
  readonly commandTimeoutMs?: number;
  /** [10 s] A connection on which a command is late and nothing came back for so long is given up, and made anew. */
  readonly silentMs?: number;
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

const LOGIN_AGAIN_MS = 6 * 3_600_000;
const LOGIN_RETRY_MS = 60_000;
const RECONNECT_FIRST_MS = 50;
const RECONNECT_MAX_MS = 2000;

/** Credentials that do not come are a failed connection, after which the next one asks again. */
const timely =
  (login: Login, ms: number): Login =>
  async () => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no credentials for the cache within ${ms} ms`)), ms);
    });
    try {
      return await Promise.race([login(), late]);
    } finally {
      clearTimeout(timer);
    }
  };

/** `url`: redis:// or rediss:// (TLS), with host and port. */
export function createValkey(url: string, options: ValkeyOptions = {}): Valkey {
  const timeoutMs = options.commandTimeoutMs ?? 2000;
  const silentMs = options.silentMs ?? 10_000;
  const { loginAgainMs = LOGIN_AGAIN_MS, connectTimeoutMs = 2000 } = options;
  const login = options.login && timely(options.login, connectTimeoutMs);
  let loggedInAt = performance.now();
  let lastError: Error | null = null;
  /** Commands without an answer, and since when nothing came back for them. */
  let waiting = 0;
  let heardAt = performance.now();
  const make = () => {
    const made = RedisClient.create({
      url,
      RESP: 2,
      ...(login !== undefined && {
        credentialsProvider: { type: 'async-credentials-provider' as const, credentials: login },
      }),
      socket: {
        connectTimeout: connectTimeoutMs,
        keepAlive: true,
        reconnectStrategy: (retries) =>
          Math.min(RECONNECT_FIRST_MS * 2 ** Math.min(retries, 10), RECONNECT_MAX_MS) *
          (0.5 + Math.random() / 2),
      },
      // None of its own (see `command`): each is a timer that runs to its end, and an error made, for every command that was
      // answered long ago.
      commandOptions: { timeout: 0 },
    });
    made.on('error', (error: Error) => {
      if (made !== client) return;
      lastError = error;
      options.onError?.(error);
    });
    made.on('ready', () => {
      if (made !== client) return;
      lastError = null;
      heardAt = performance.now();
      loggedInAt = heardAt;
    });
    return made;
  };
  let client = make();

  let connecting = false;
  let closed = false;

  /**
   * A host that went without a word leaves a connection that looks whole: the system would go on sending for a quarter of an
   * hour. What waits fails at once.
   */
  const renewIfSilent = (): void => {
    if (closed || !client.isOpen || lastError !== null || performance.now() - heardAt < silentMs) return;
    const silent = client;
    client = make();
    connecting = false;
    heardAt = performance.now();
    silent.destroy();
    options.onError?.(new Error(`nothing came back for ${silentMs} ms: connecting anew`));
  };

  /** Connects once; a failure is told by 'error' and shows in the command's timeout, so it is not thrown twice. */
  const connect = (): void => {
    if (connecting || client.isOpen || closed) return;
    connecting = true;
    const connected = client;
    connected
      .connect()
      .catch((error: unknown) => {
        if (connected === client) lastError = error instanceof Error ? error : new Error(String(error));
      })
      .finally(() => {
        if (connected === client) connecting = false;
      });
  };

  /** Beside the commands, which need not wait: the old login still holds. */
  const loginAgain = (): void => {
    if (login === undefined || !client.isReady || performance.now() - loggedInAt < loginAgainMs) return;
    loggedInAt = performance.now();
    const connected = client;
    login()
      .then(({ username, password }) => connected.sendCommand(['AUTH', username, password]))
      .catch((error: unknown) => {
        if (connected !== client) return;
        // The connection holds for as long again; one that failed is not left until then.
        loggedInAt = performance.now() - loginAgainMs + Math.min(LOGIN_RETRY_MS, loginAgainMs);
        options.onError?.(error instanceof Error ? error : new Error(String(error)));
      });
  };

  /** An answer that is late for its command is one too. */
  const send = async (args: readonly string[], abortSignal: AbortSignal): Promise<unknown> => {
    if (waiting === 0) heardAt = performance.now();
    waiting += 1;
    try {
      const answer = await client.sendCommand([...args], { abortSignal });
      heardAt = performance.now();
      return answer;
    } finally {
      waiting -= 1;
    }
  };

  const command = async (args: readonly string[]): Promise<unknown> => {
    connect();
    loginAgain();
    let timer: NodeJS.Timeout | undefined;
    let isAnswered = false;
    // A command that could not be sent in time is dropped from the queue, not sent late.
    const late = new AbortController();
    const timeout = new Promise<never>((_, reject) => {
      const giveUp = (): void => {
        if (isAnswered) return;
        reject(new ValkeyTimeoutError(args[0] ?? '', timeoutMs, lastError));
        late.abort();
        renewIfSilent();
      };
      // What has arrived while this process was busy is read before anything counts as late: a streamer that is behind
      // would otherwise send all that was answered once more, and fall further behind.
      timer = setTimeout(() => setImmediate(giveUp), timeoutMs);
    });
    try {
      return await Promise.race([send(args, late.signal), timeout]);
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

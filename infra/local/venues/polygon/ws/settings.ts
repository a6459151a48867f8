/** What the facts leave open, or tests want otherwise. All times are the machine's, in ms. */
export interface SocketSettings {
  /** [10000] Without an auth message for so long, `auth_timeout`. */
  readonly authTimeoutMs: number;
  /** [20] Messages of so long go into one frame (0: each into its own). */
  readonly windowMs: number;
  /** [900000] A frame is cut into several above this. */
  readonly maxFrameBytes: number;
  /** [batched] Confirmations of one request in one frame, or each in its own. */
  readonly acks: 'batched' | 'single';
  /** [error] The answer to a subscription before `auth_success`. */
  readonly beforeAuth: 'error' | 'ignore';
  /** [ignore] The answer to what is no JSON or no known action. */
  readonly nonsense: 'error' | 'ignore';
  /** [30000] Pings of the server; 0: none. */
  readonly pingMs: number;
  /** [false] A ping before `connected`. */
  readonly pingFirst: boolean;
  /** [evict_oldest] One connection too many. */
  readonly overflow: 'evict_oldest' | 'refuse_newest';
  /** [true] The evicted one is told why before 1008. */
  readonly evictStatus: boolean;
  /** [0] A slot stays taken for so long after an unclean end. */
  readonly lingerMs: number;
  /** [16000000] A reader that is further behind than this is slow. */
  readonly bufferBytes: number;
  /** [1000] A slow reader is cut after so long. */
  readonly slowGraceMs: number;
}

export const DEFAULT_SOCKETS: SocketSettings = {
  authTimeoutMs: 10_000,
  windowMs: 20,
  maxFrameBytes: 900_000,
  acks: 'batched',
  beforeAuth: 'error',
  nonsense: 'ignore',
  pingMs: 30_000,
  pingFirst: false,
  overflow: 'evict_oldest',
  evictStatus: true,
  lingerMs: 0,
  bufferBytes: 16_000_000,
  slowGraceMs: 1_000,
};

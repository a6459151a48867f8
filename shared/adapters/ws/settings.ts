/** How connections keep time, and what they are made of; all of it can be replaced in tests. */
import WebSocket from 'ws';
import type { Clock, Log } from '../../ports/runtime.ts';

export interface ConnectionSettings {
  /** [10 s] Name resolution, TCP, TLS and handshake together. */
  readonly connectTimeoutMs: number;
  /** [60 s] From the open socket to the end of `onOpen`. */
  readonly readyTimeoutMs: number;
  /**
   * [25 s] Without a frame, ping or pong for so long the session is dead: a lost one is known within 30 s. A quiet
   * one that lives is not cut: it is asked for a sign of life.
   */
  readonly silenceMs: number;
  /** [2 s] A session that was quiet for so long is asked for a sign of life (a ping), and again after as long. */
  readonly pingMs: number;
  /** [23 h] A session older than this is renewed, up to a tenth of an hour earlier so that not all of them do so at once. */
  readonly lifeMs: number;
  /** [1 s], [60 s] Back-off with full jitter: the n-th wait is random below first x 2^n, at most the longest. */
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
  /** [10] Failures in a row after which it is reported unhealthy. */
  readonly unhealthyAfter: number;
  /** [30 s] A session that has served so long is stable: failures are forgotten. */
  readonly stableMs: number;
  /** [1 MiB] A larger frame ends the session. */
  readonly maxFrameBytes: number;
  /** [10 ms] What comes without a pause is read for so long at a time; then everything else has its turn. */
  readonly readMs: number;
  /** [200 ms] For the closing handshake; then the socket is cut. */
  readonly closeMs: number;
}

export const CONNECTION_DEFAULTS: ConnectionSettings = {
  connectTimeoutMs: 10_000,
  readyTimeoutMs: 60_000,
  silenceMs: 25_000,
  pingMs: 2_000,
  lifeMs: 23 * 3_600_000,
  firstWaitMs: 1_000,
  longestWaitMs: 60_000,
  unhealthyAfter: 10,
  stableMs: 30_000,
  maxFrameBytes: 1_048_576,
  readMs: 10,
  closeMs: 200,
};

/** Waits; answers how to take it back. */
export type SetTimer = (ms: number, then: () => void) => () => void;

export type CreateSocket = (url: string, settings: ConnectionSettings) => WebSocket;

export interface ConnectionParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly settings?: Partial<ConnectionSettings>;
  /** Running time in ms, which no clock change moves. */
  readonly elapsed?: () => number;
  readonly setTimer?: SetTimer;
  readonly createSocket?: CreateSocket;
  /** Below 1, for the jitter. */
  readonly random?: () => number;
}

export const setRealTimer: SetTimer = (ms, then) => {
  const timer = setTimeout(then, ms);
  return () => clearTimeout(timer);
};

export const createRealSocket: CreateSocket = (url, settings) =>
  new WebSocket(url, {
    handshakeTimeout: settings.connectTimeoutMs,
    maxPayload: settings.maxFrameBytes,
    perMessageDeflate: false,
    // A server that sends us elsewhere is not the one that was configured.
    followRedirects: false,
  });

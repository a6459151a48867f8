/** `timestamp` and `recvWindow` of signed requests. */
import type { Params } from '../contract.ts';
import { aheadOfServer, badWindow, illegalCharacters, mandatory, outsideWindow } from './errors.ts';

const DEFAULT_WINDOW_MS = 5000;
const MAX_WINDOW_MS = 60_000;
const AHEAD_MS = 1000;
const EARLIEST_MS = Date.UTC(2017, 0, 1);
const MAX_AHEAD_MS = 10_000;
/** A present time in ms has 13 digits, in microseconds 16. */
const MICROSECONDS_FROM = 1e14;

export interface Timing {
  /** ms */
  readonly timestamp: number;
  readonly recvWindow: number;
}

/** @throws VenueError -1102, -1100 or -1131 on what is no time or window */
export function readTiming(params: Params, now: number): Timing {
  const { timestamp: text, recvWindow } = params;
  if (text === undefined || text === '') throw mandatory('timestamp');
  if (!/^[0-9]{1,20}$/.test(text)) throw illegalCharacters('timestamp', '^[0-9]{1,20}$');
  const given = Number(text);
  const timestamp = given >= MICROSECONDS_FROM ? given / 1000 : given;
  if (timestamp < EARLIEST_MS) throw mandatory('timestamp');
  if (timestamp > now + MAX_AHEAD_MS) throw aheadOfServer();
  return { timestamp, recvWindow: readWindow(recvWindow) };
}

function readWindow(text: string | undefined): number {
  if (text === undefined) return DEFAULT_WINDOW_MS;
  if (!/^[0-9]{1,20}(\.[0-9]{1,3})?$/.test(text)) {
    throw illegalCharacters('recvWindow', '^[0-9]{1,20}(\\.[0-9]{1,3})?$');
  }
  const window = Number(text);
  if (window > MAX_WINDOW_MS) throw badWindow();
  return window;
}

/** The check on arrival. */
export function checkArrival({ timestamp, recvWindow }: Timing, now: number): void {
  if (timestamp >= now + AHEAD_MS) throw aheadOfServer();
  if (now - timestamp > recvWindow) throw outsideWindow();
}

/** The check just before the engine: has the request grown too old on the way? */
export const isTooLate = ({ timestamp, recvWindow }: Timing, now: number): boolean =>
  now - timestamp > recvWindow;

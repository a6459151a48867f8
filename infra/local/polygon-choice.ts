/** What `npm start` does about Polygon: the real one where there is a key, else a simulator beside the system. Pure. */
import { type LiveSources, parseLiveSources } from '../../shared/domain/prices/live-sources.ts';
import { OptionError } from '../command-line.ts';
import type { ExchangeChoice } from './options.ts';

/** Never on the command line, which others see and the shell keeps. */
export const POLYGON_KEY = 'POLYGON_API_KEY';

export type PolygonChoice = 'simulator' | 'real';

type Variables = Readonly<Record<string, string | undefined>>;

/** Variables of the streamer that are handed on from the environment of `npm start`; the key goes its own way. */
const HANDED_ON = [
  'POLYGON_WS_URL',
  'POLYGON_REST_URL',
  'POLYGON_REQUESTS_PER_MINUTE',
  'FEED_SYMBOLS',
  'FEED_POLICIES',
] as const;

export const handedOn = (environment: Variables): Readonly<Record<string, string>> =>
  Object.fromEntries(
    HANDED_ON.flatMap((name) => {
      const value = environment[name];
      return value === undefined || value === '' ? [] : [[name, value] as const];
    }),
  );

const sourcesOf = (feed: string | undefined): LiveSources | null => parseLiveSources(feed ?? '');

export const hasPolygon = (feed: string | undefined): boolean =>
  sourcesOf(feed)?.includes('polygon') === true;

/** Whose prices the system goes by first, where they are an exchange's. */
export const isBinanceFirst = (feed: string | undefined): boolean => sourcesOf(feed)?.[0] === 'binance';

/**
 * Undefined where Polygon is no source.
 * @throws OptionError where made-up and real prices would be compared with each other
 */
export function readPolygonChoice(
  feed: string | undefined,
  exchange: ExchangeChoice | undefined,
  isAddressed: boolean,
  environment: Variables,
): PolygonChoice | undefined {
  if (!hasPolygon(feed)) return undefined;
  const isMadeUp = exchange === 'simulator';
  const hasBoth = sourcesOf(feed)?.length === 2;
  if (environment[POLYGON_KEY]) {
    if (!isMadeUp || !isBinanceFirst(feed)) return 'real';
    throw new OptionError(
      `--feed ${feed}: the Binance simulator makes up its prices and Polygon's are real. Add --no-simulator for ` +
        `Binance's own stream, or unset ${POLYGON_KEY} for two simulators`,
    );
  }
  if (isAddressed) {
    throw new OptionError(`--feed ${feed} at an address of its own needs a key in ${POLYGON_KEY}`);
  }
  if (hasBoth && !isMadeUp) {
    throw new OptionError(
      `--feed ${feed} needs a key in ${POLYGON_KEY}: a simulator says nothing about real prices`,
    );
  }
  return 'simulator';
}

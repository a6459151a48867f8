/** Polygon (Massive) as a price source: its key and its address. */
import * as z from 'zod';
import { parseLiveSources } from '../../shared/domain/prices/live-sources.ts';
import { type ConfigProblem, given, wsUrl } from './variables.ts';

/** The old host, `wss://socket.polygon.io`, is served as well. */
const POLYGON_STREAM = 'wss://socket.massive.com';
/** Its form is documented nowhere. */
const KEY = z.string().regex(/^\S{1,200}$/, 'a key without spaces is expected');

const Variables = z.object({
  POLYGON_API_KEY: given(KEY),
  /** Base URL, without the asset class. */
  POLYGON_WS_URL: wsUrl,
});

/** Names of all variables of this part. */
export const POLYGON_VARIABLES = Variables.shape;

export interface PolygonConfig {
  readonly url: string;
  readonly key: string;
}

const LOOPBACK = /^ws:\/\/(127(\.\d{1,3}){3}|localhost|\[::1\])(:\d+)?(\/|$)/;

/** What is missing or unsafe among well-formed variables, where Polygon is a source of prices. */
export function polygonProblems(env: Readonly<Record<string, string | undefined>>): readonly ConfigProblem[] {
  if (parseLiveSources(env['FEED'] ?? '')?.includes('polygon') !== true) return [];
  const problems: ConfigProblem[] = [];
  if (!env['POLYGON_API_KEY']) {
    problems.push({ path: 'POLYGON_API_KEY', message: 'is needed for the feed polygon' });
  }
  const url = env['POLYGON_WS_URL'] ?? '';
  if (url.startsWith('ws:') && !LOOPBACK.test(url)) {
    const message = 'a wss URL is expected: the key would go through the net in the clear';
    problems.push({ path: 'POLYGON_WS_URL', message });
  }
  return problems;
}

/** After `polygonProblems` found nothing. */
export const polygonOf = ({
  POLYGON_API_KEY,
  POLYGON_WS_URL,
}: z.output<typeof Variables>): PolygonConfig => ({
  // A slash at the end would be doubled.
  url: (POLYGON_WS_URL ?? POLYGON_STREAM).replace(/\/+$/, ''),
  key: POLYGON_API_KEY ?? '',
});

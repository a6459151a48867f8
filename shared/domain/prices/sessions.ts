/** When what a symbol stands for is traded. */
import { type PolygonAssetClass, polygonInstrument } from '../polygon.ts';
import type { SymbolSpec } from '../symbol-spec.ts';
import type { Session } from './freshness.ts';

const SESSIONS: Readonly<Record<PolygonAssetClass, Session>> = {
  crypto: 'always',
  stocks: 'us_stocks',
  forex: 'forex',
};

/** `always` for what no market with hours is known of. */
export function sessionOf(spec: SymbolSpec): Session {
  const instrument = polygonInstrument(spec);
  return instrument === null ? 'always' : SESSIONS[instrument.assetClass];
}

/** `exchangeInfo`: symbols by name, permission or status. */
import type { Json, JsonObject } from '../contract.ts';
import { VenueError } from '../contract.ts';
import { refuse } from './errors.ts';
import type { ParamReader } from './params.ts';
import type { Market, World } from './state.ts';
import { OWN_RATE_LIMITS } from './symbols.ts';
import { marketOf } from './world.ts';

const DEFAULT_PERMISSIONS = ['SPOT', 'MARGIN', 'LEVERAGED'];

export function exchangeInfo(world: World, params: ParamReader): JsonObject {
  const one = params.text('symbol');
  const several = params.text('symbols');
  const permissions = params.text('permissions');
  const status = params.oneOf('symbolStatus', ['TRADING', 'HALT', 'BREAK'], () => {
    return new VenueError(-1122, 'Invalid symbolStatus.');
  });
  const showSets = params.boolean('showPermissionSets') ?? true;
  params.finish();
  const kinds = [one, several, permissions].filter((value) => value !== null).length;
  if (kinds > 1 || (status !== null && (one !== null || several !== null))) throw refuse.badCombination();
  const named = one !== null ? [one] : several !== null ? readSymbols(several) : null;
  const markets =
    named === null ? byPermission(world, permissions) : named.map((name) => marketOf(world, name));
  return {
    timezone: 'UTC',
    serverTime: world.now(),
    rateLimits: world.options.rateLimits ?? OWN_RATE_LIMITS,
    exchangeFilters: world.options.exchangeFilters ?? [],
    symbols: markets
      .filter((market) => status === null || market.info.status === status)
      .map(({ info }) => (showSets ? info.json : { ...info.json, permissionSets: [] })),
  };
}

/** A JSON array of names, as in `symbols=["BTCUSDT","ETHUSDT"]`. */
export function readSymbols(text: string): readonly string[] {
  let names: unknown;
  try {
    names = JSON.parse(text);
  } catch {
    throw refuse.illegal('symbols', '^\\[("[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}){0,1}\\]$');
  }
  if (!Array.isArray(names) || names.length === 0 || !names.every((name) => typeof name === 'string')) {
    throw refuse.invalid('symbols');
  }
  if (new Set(names).size < names.length) {
    throw new VenueError(-1151, 'Symbol is present multiple times in the list.');
  }
  return names;
}

function byPermission(world: World, permissions: string | null): readonly Market[] {
  const wanted = permissions === null ? DEFAULT_PERMISSIONS : permissionNames(permissions);
  // Entries of the older shape have no permission sets, and nobody is kept from them.
  return [...world.markets.values()].filter(
    ({ info }) =>
      info.permissionSets.length === 0 ||
      info.permissionSets.flat().some((permission) => wanted.includes(permission)),
  );
}

const permissionNames = (text: string): readonly Json[] =>
  text.startsWith('[') ? readSymbols(text) : [text];

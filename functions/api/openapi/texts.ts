/** Puts to each field of the named schemas what it means (texts/): by schema and name, else by name. */
import type { JsonSchema } from './components.ts';
import { ACCESS_TEXTS } from './texts/access.ts';
import { EVENT_TEXTS } from './texts/events.ts';
import { MARKET_TEXTS } from './texts/market.ts';
import { ORDER_TEXTS } from './texts/orders.ts';
import { POSITION_TEXTS } from './texts/positions.ts';
import { WALLET_TEXTS } from './texts/wallets.ts';

const PARTS = [ACCESS_TEXTS, ORDER_TEXTS, POSITION_TEXTS, WALLET_TEXTS, MARKET_TEXTS, EVENT_TEXTS] as const;
const TEXTS: Readonly<Record<string, string>> = Object.assign({}, ...PARTS);

/** Names in two of the files, of which one would be lost; and texts that no field has. For a test. */
export function idleTexts(schemas: Readonly<Record<string, JsonSchema>>): readonly string[] {
  const names = PARTS.flatMap((part) => Object.keys(part));
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  const used = new Set<string>();
  for (const [name, schema] of Object.entries(schemas)) described(name, schema, used);
  return [...twice, ...names.filter((name) => !used.has(name))];
}

/** @throws Error for a field that nobody described */
export const withTexts = (schemas: Readonly<Record<string, JsonSchema>>): Record<string, JsonSchema> =>
  Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [name, described(name, schema, new Set()) as JsonSchema]),
  );

function described(owner: string, value: unknown, used: Set<string>): unknown {
  if (Array.isArray(value)) return value.map((item) => described(owner, item, used));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([keyword, member]) => [
      keyword,
      keyword === 'properties'
        ? fields(owner, member as Record<string, JsonSchema>, used)
        : described(owner, member, used),
    ]),
  );
}

function fields(owner: string, properties: Record<string, JsonSchema>, used: Set<string>) {
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => {
      const own = `${owner}.${name}`;
      const key = own in TEXTS ? own : name;
      const description = TEXTS[key];
      if (description === undefined) throw new Error(`nobody says what ${own} means (openapi/texts)`);
      used.add(key);
      return [name, { description, ...(described(owner, schema, used) as JsonSchema) }];
    }),
  );
}

/** Refusals in the exchange's own words. */
import { VenueError } from '../contract.ts';

export const refuse = {
  illegal: (name: string, range: string) =>
    new VenueError(-1100, `Illegal characters found in parameter '${name}'; legal range is '${range}'.`),
  missing: (name: string) =>
    new VenueError(-1102, `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`),
  missingBoth: (a: string, b: string) =>
    new VenueError(-1102, `Param '${a}' or '${b}' must be sent, but both were empty/null!`),
  unread: (read: number, sent: number) =>
    new VenueError(
      -1104,
      `Not all sent parameters were read; read '${read}' parameter(s) but was sent '${sent}'.`,
    ),
  empty: (name: string) => new VenueError(-1105, `Parameter '${name}' was empty.`),
  notRequired: (name: string) => new VenueError(-1106, `Parameter '${name}' sent when not required.`),
  overflow: (name: string) => new VenueError(-1108, `Parameter '${name}' overflowed.`),
  precision: (name: string) => new VenueError(-1111, `Parameter '${name}' has too much precision.`),
  invalid: (name: string) => new VenueError(-1130, `Data sent for parameter '${name}' is not valid.`),
  badCombination: () => new VenueError(-1128, 'Combination of optional parameters invalid.'),
  symbol: () => new VenueError(-1121, 'Invalid symbol.'),
  /** Refused before the matching engine. */
  api: (msg: string) => new VenueError(-1013, msg),
  filter: (name: string) => new VenueError(-1013, `Filter failure: ${name}`),
  /** Refused by the matching engine. */
  order: (msg: string) => new VenueError(-2010, msg),
  engineFilter: (name: string) => new VenueError(-2010, `Filter failure: ${name}`),
  funds: () => new VenueError(-2010, 'Account has insufficient balance for requested action.'),
  cancel: (msg: string) => new VenueError(-2011, msg),
  noSuchOrder: () => new VenueError(-2013, 'Order does not exist.'),
  amend: (msg: string) => new VenueError(-2038, msg),
  clientIdMismatch: () => new VenueError(-2039, 'Client order ID is not correct for this order ID.'),
};

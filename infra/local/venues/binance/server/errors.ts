/** The refusals that the server itself words, before an operation reaches the exchange. */
import { type Json, VenueError } from '../contract.ts';

export const mandatory = (name: string): VenueError =>
  new VenueError(-1102, `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`);

export const illegalCharacters = (name: string, range: string): VenueError =>
  new VenueError(-1100, `Illegal characters found in parameter '${name}'; legal range is '${range}'.`);

export const duplicateValues = (): VenueError =>
  new VenueError(-1101, 'Duplicate values for a parameter detected.');

export const badKeyFormat = (): VenueError => new VenueError(-2014, 'API-key format invalid.', 401);

export const rejectedKey = (): VenueError =>
  new VenueError(-2015, 'Invalid API-key, IP, or permissions for action.', 401);

export const badSignature = (): VenueError =>
  new VenueError(-1022, 'Signature for this request is not valid.');

export const outsideWindow = (): VenueError =>
  new VenueError(-1021, 'Timestamp for this request is outside of the recvWindow.');

export const aheadOfServer = (): VenueError =>
  new VenueError(-1021, "Timestamp for this request was 1000ms ahead of the server's time.");

export const badWindow = (): VenueError => new VenueError(-1131, 'recvWindow must be less than 60000.');

export const badTimeUnit = (): VenueError =>
  new VenueError(-1194, 'Invalid value for time unit; expected either MICROSECOND or MILLISECOND.');

export const unsupported = (): VenueError => new VenueError(-1020, 'This operation is not supported.');

export const badJson = (): VenueError => new VenueError(-1135, 'Invalid JSON Request');

export const unknownError = (status: number): VenueError =>
  new VenueError(-1000, 'An unknown error occurred while processing the request.', status);

export const unknownOutcome = (status: number): VenueError =>
  new VenueError(
    -1007,
    'Timeout waiting for response from backend server. Send status unknown; execution status unknown.',
    status,
  );

/** A refusal that names when to come back: `Retry-After` of REST, `error.data.retryAfter` of the WebSocket API. */
export class RetryLater extends VenueError {
  readonly retryAt: number;

  constructor(code: number, msg: string, status: number, retryAt: number, data?: Json) {
    super(code, msg, status, data);
    this.retryAt = retryAt;
  }
}

export const tooMuchWeight = (limit: number, retryAt: number): RetryLater =>
  new RetryLater(
    -1003,
    `Too much request weight used; current limit is ${limit} request weight per 1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API.`,
    429,
    retryAt,
  );

export const tooManyRawRequests = (limit: number, retryAt: number): RetryLater =>
  new RetryLater(
    -1003,
    `Too many requests; current limit is ${limit} requests per 5 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API.`,
    429,
    retryAt,
  );

export const banned = (until: number): RetryLater =>
  new RetryLater(
    -1003,
    `Way too much request weight used; IP banned until ${until}. Please use WebSocket Streams for live updates to avoid bans.`,
    418,
    until,
  );

export const tooManyOrders = (limit: number, interval: string, retryAt: number): RetryLater =>
  new RetryLater(
    -1015,
    `Too many new orders; current limit is ${limit} orders per ${interval}.`,
    429,
    retryAt,
  );

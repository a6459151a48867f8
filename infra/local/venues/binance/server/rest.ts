/** REST: paths, headers, bodies and status codes around the core. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { addressOf } from '../../common/transport.ts';
import { type Json, VenueError } from '../contract.ts';
import type { Core, Outcome, Reply } from './core.ts';
import { badTimeUnit, RetryLater } from './errors.ts';
import { isRetiredPath, operationAt } from './operations.ts';
import { readRest } from './parameters.ts';

const MAX_BODY_BYTES = 1_000_000;
const FORM = 'application/x-www-form-urlencoded';

export interface RestOptions {
  readonly core: Core;
  /** The testnet has no `/sapi`. */
  readonly sapi: boolean;
  readonly onBug: (error: unknown) => void;
}

class BodyTooLarge extends Error {}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new BodyTooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const page = (status: number, title: string): string =>
  `<html>\r\n<head><title>${status} ${title}</title></head>\r\n<body>\r\n<center><h1>${status} ${title}</h1></center>\r\n</body>\r\n</html>\r\n`;

function sendPage(response: ServerResponse, status: number, title: string): void {
  response.writeHead(status, { 'Content-Type': 'text/html' }).end(page(status, title));
}

function bodyOf(reply: Reply): Json {
  if ('result' in reply) return reply.result;
  const { code, message, data } = reply.error;
  return { code, msg: message, ...(data === undefined ? {} : { data }) };
}

export class Rest {
  private readonly core: Core;
  private readonly sapi: boolean;
  private readonly onBug: (error: unknown) => void;

  constructor({ core, sapi, onBug }: RestOptions) {
    this.core = core;
    this.sapi = sapi;
    this.onBug = onBug;
  }

  readonly onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    this.answer(request, response).catch((error: unknown) => {
      if (error instanceof BodyTooLarge) return sendPage(response, 413, 'Request Entity Too Large');
      // A client that went away while it was sending is no mistake of ours.
      if (!request.complete) return response.destroy();
      this.onBug(error);
      response.destroy();
    });
  };

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const ip = addressOf(request.socket.remoteAddress);
    const [path = '', ...rest] = (request.url ?? '').split('?');
    const operation = operationAt(request.method ?? '', path);
    const body = await readBody(request);
    try {
      this.core.limits.checkBan(ip);
      this.core.limits.takeRaw(ip);
      if (isRetiredPath(path)) return sendPage(response, 410, 'Gone');
      if (operation === null || (!this.sapi && path.startsWith('/sapi/'))) {
        return sendPage(response, 404, 'Not found');
      }
      checkTimeUnit(request.headers['x-mbx-time-unit']);
      const isForm = request.headers['content-type']?.startsWith(FORM) ?? false;
      const apiKey = request.headers['x-mbx-apikey'];
      const outcome = await this.core.perform({
        transport: 'rest',
        ip,
        operation,
        sent: readRest(rest.join('?'), isForm ? body : ''),
        apiKey: typeof apiKey === 'string' ? apiKey : null,
        session: null,
      });
      this.finish(outcome, ip, request, response);
    } catch (error) {
      if (!(error instanceof VenueError)) throw error;
      const reply: Reply = { uid: null, placed: false, malformed: false, error };
      this.send(reply, ip, response);
    }
  }

  private finish(outcome: Outcome, ip: string, request: IncomingMessage, response: ServerResponse): void {
    switch (outcome.kind) {
      case 'break':
        request.socket.destroy();
        return;
      case 'blocked':
        sendPage(response, 403, 'Forbidden');
        return;
      case 'reply':
        try {
          this.send(outcome.reply, ip, response);
        } finally {
          outcome.release();
        }
    }
  }

  private send(reply: Reply, ip: string, response: ServerResponse): void {
    const text = JSON.stringify(bodyOf(reply));
    const body = Buffer.from(reply.malformed ? text.slice(0, text.length / 2) : text, 'utf8');
    response.writeHead('error' in reply ? reply.error.status : 200, {
      'Content-Type': 'application/json;charset=UTF-8',
      'Content-Length': body.length,
      'x-mbx-uuid': randomUUID(),
      ...this.countHeaders(reply, ip),
      ...('error' in reply && reply.error instanceof RetryLater ? this.retryHeader(reply.error) : {}),
    });
    response.end(body);
  }

  private countHeaders(reply: Reply, ip: string): Record<string, string> {
    const weight = String(this.core.limits.usedWeight(ip));
    const headers = { 'x-mbx-used-weight': weight, 'x-mbx-used-weight-1m': weight };
    if (!reply.placed || reply.uid === null) return headers;
    const { short, day } = this.core.limits.orderCounts(reply.uid);
    return { ...headers, 'x-mbx-order-count-10s': String(short), 'x-mbx-order-count-1d': String(day) };
  }

  private retryHeader({ retryAt }: RetryLater): Record<string, string> {
    return { 'Retry-After': String(Math.max(0, Math.ceil((retryAt - this.core.now()) / 1000))) };
  }
}

/** Microseconds are not simulated: said so instead of answering in another unit. */
function checkTimeUnit(unit: string | readonly string[] | undefined): void {
  if (unit !== undefined && String(unit).toUpperCase() !== 'MILLISECOND') throw badTimeUnit();
}

/**
 * The process that runs fauxqs (SQS). Two things are added to it, both things SQS does and fauxqs does not:
 * the trace header a sender's SDK puts on its request travels with the message (as a message attribute that
 * the poller turns back into AWSTraceHeader), which recursion detection needs.
 * Ends itself when the channel to its parent closes. Message out: {port}.
 */
import { buildApp } from 'fauxqs';
import { TRACE_ATTRIBUTE } from './trace.ts';

interface Attribute {
  readonly DataType: string;
  readonly StringValue: string;
}
interface Sendable {
  MessageAttributes?: Record<string, Attribute>;
}

process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
process.on('SIGINT', () => {
  // Ctrl-C reaches the whole terminal group; the parent decides about the order.
});

const app = buildApp({ logger: false });

app.addHook('preHandler', (request, _reply, done) => {
  const trace = request.headers['x-amzn-trace-id'];
  const action = request.headers['x-amz-target'];
  if (typeof trace === 'string' && typeof action === 'string') {
    const body = request.body as Sendable & { Entries?: Sendable[] };
    const sent = action.endsWith('.SendMessageBatch')
      ? (body.Entries ?? [])
      : action.endsWith('.SendMessage')
        ? [body]
        : [];
    for (const message of sent) {
      message.MessageAttributes = {
        ...message.MessageAttributes,
        [TRACE_ATTRIBUTE]: { DataType: 'String', StringValue: trace },
      };
    }
  }
  done();
});

await app.listen({ port: 0, host: '127.0.0.1' });
const address = app.server.address();
if (address === null || typeof address === 'string') throw new Error('no port');
process.send?.({ port: address.port });

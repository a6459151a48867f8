/**
 * The process that runs js-redis-server, where no Redis or Valkey binary is installed.
 * Ends itself when the channel to its parent closes. Message out: {port}.
 */
import { createRedisMock } from 'js-redis-server';

process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
process.on('SIGINT', () => {
  // Ctrl-C reaches the whole terminal group; the parent decides about the order.
});

const server = await createRedisMock();
process.send?.({ port: server.port });

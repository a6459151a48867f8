/** Wake-ups, sweeps and rebuilds: hits become exits (usecases/evaluate-hits, sweep, rebuild-symbol). */
import { decodeTrigger } from '../../shared/adapters/sqs/messages.ts';
import { unreachable } from '../../shared/domain/result.ts';
import type { TriggerMessage } from '../../shared/ports/messages.ts';
import { queueWorker } from '../compose/queue-worker.ts';
import { startSystem } from '../compose/system.ts';
import { makeTriggerWork } from '../compose/use-cases.ts';

const { ports, config } = startSystem('evaluate');
const { evaluateHits, sweep, rebuildSymbol } = makeTriggerWork(ports, {
  monitorEnabled: config.monitor.enabled,
});
const { log, counters } = ports;

async function handle(message: TriggerMessage): Promise<void> {
  switch (message.kind) {
    case 'wake':
      await evaluateHits(message.symbol);
      return;
    case 'sweep': {
      const outcome = await sweep(message);
      if (outcome === 'too_old') log.warn('SWEEP_TOO_OLD', { shard: message.shard, second: message.second });
      return;
    }
    case 'rebuild':
      // What was reached meanwhile is taken at once.
      if ((await rebuildSymbol(message.symbol)) === 'rebuilt') await evaluateHits(message.symbol);
      return;
    default:
      unreachable(message);
  }
}

/** Counts a failure; when even that fails the message's own error is what matters. */
async function counted(message: TriggerMessage): Promise<void> {
  try {
    await handle(message);
  } catch (error) {
    await counters
      .add({ 'om:errors_total': 1 })
      .catch((cause: unknown) => log.warn('COUNTERS_NOT_WRITTEN', { error: String(cause) }));
    throw error;
  }
}

export const handler = queueWorker({ log, decode: decodeTrigger, handle: counted });

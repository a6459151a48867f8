/** The functions of the main job on their queues, as the stacks wire them. */
import {
  type BatchWork,
  type GivingUp,
  workFifoBatch,
  workStandardBatch,
} from '../../../functions/compose/sqs-batch.ts';
import {
  decodeReconcile,
  decodeReport,
  decodeTrigger,
  decodeWork,
} from '../../../shared/adapters/sqs/messages.ts';
import type { ReconcileMessage, TriggerMessage } from '../../../shared/ports/messages.ts';
import { QuarantinedError } from '../../../shared/usecases/apply-execution.ts';
import { type Handler, Lambda, type LambdaParts } from './lambda.ts';
import type { Proc } from './proc.ts';
import { MAX_RECEIVES, type Queue } from './sqs.ts';
import { type Machine, makeSystem, type System } from './system.ts';
import { markOf } from './trace.ts';

/** Makes a function's handler of its system and of where it gives up messages, as `queueWorker` does. */
type Make = (system: System, givingUp: GivingUp) => Handler;

const standard =
  <T>(workOf: (system: System) => BatchWork<T>): Make =>
  (system, givingUp) =>
  (event, remainingMs) =>
    workStandardBatch({ ...workOf(system), ...givingUp, event, remainingMs });

const advance = standard(({ ports, useCases }) => ({
  log: ports.log,
  decode: decodeWork,
  handle: useCases.advance,
}));

const executions: Make =
  ({ ports, useCases }, givingUp) =>
  (event, remainingMs) =>
    workFifoBatch({
      log: ports.log,
      decode: decodeReport,
      handle: (report) => useCases.applyExecution(report),
      hopeless: (error) => (error instanceof QuarantinedError ? error.reason : null),
      ...givingUp,
      event,
      remainingMs,
    });

const evaluate = ({ gate }: Machine): Make =>
  standard(({ ports, useCases }) => ({
    log: ports.log,
    decode: decodeTrigger,
    handle: (message: TriggerMessage) => {
      if (message.kind === 'sweep') gate.chaos.sweptAt = gate.kernel.now;
      return evaluateOne(useCases, message);
    },
  }));

const reconcile = standard(({ ports, useCases }) => ({
  log: ports.log,
  decode: decodeReconcile,
  handle: ({ walletId, reason }: ReconcileMessage) => useCases.reconcile.wallet(walletId, reason),
}));

async function evaluateOne(useCases: System['useCases'], message: TriggerMessage): Promise<void> {
  if (message.kind === 'wake') await useCases.evaluateHits(message.symbol);
  else if (message.kind === 'sweep') await useCases.sweep(message);
  else if ((await useCases.rebuildSymbol(message.symbol)) === 'rebuilt')
    await useCases.evaluateHits(message.symbol);
}

export function startFunctions(machine: Machine, parts: LambdaParts): readonly Lambda[] {
  const { queues } = machine.outside;
  const on =
    (make: Make, queue: Queue) =>
    (proc: Proc): Handler =>
      make(makeSystem(machine, proc), {
        worker: proc.name,
        maxReceives: MAX_RECEIVES,
        deadLetters: {
          send: (letter) =>
            machine.gate.call(proc, markOf('sqs.dead'), async () => queue.giveUp(letter, proc.wasStruck)),
        },
      });
  const lambda = (
    name: 'submit' | 'exits' | 'executions' | 'evaluate' | 'reconcile',
    queue: Queue,
    make: Make,
    limits: { readonly timeoutMs: number; readonly concurrency: number; readonly batchSize: number },
  ): Lambda => new Lambda({ name, ...limits }, queue, parts, on(make, queue));
  return [
    lambda('submit', queues.submit, advance, { timeoutMs: 15_000, concurrency: 10, batchSize: 1 }),
    lambda('exits', queues.exits, advance, { timeoutMs: 15_000, concurrency: 20, batchSize: 1 }),
    lambda('executions', queues.executions, executions, {
      timeoutMs: 5_000,
      concurrency: 10,
      batchSize: 10,
    }),
    lambda('evaluate', queues.triggers, evaluate(machine), {
      timeoutMs: 10_000,
      concurrency: 10,
      batchSize: 10,
    }),
    lambda('reconcile', queues.reconcile, reconcile, { timeoutMs: 50_000, concurrency: 5, batchSize: 1 }),
  ];
}

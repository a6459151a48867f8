/** The functions of the main job on their queues, as the stacks wire them. */
import { workFifoBatch, workStandardBatch } from '../../../functions/compose/sqs-batch.ts';
import { decodeReport, decodeTrigger, decodeWork } from '../../../shared/adapters/sqs/messages.ts';
import type { TriggerMessage } from '../../../shared/ports/messages.ts';
import { type Handler, Lambda, type LambdaParts } from './lambda.ts';
import type { Proc } from './proc.ts';
import { type Machine, makeSystem, type System } from './system.ts';

type Make = (system: System) => Handler;

const advance: Make =
  ({ ports, useCases }) =>
  (event) =>
    workStandardBatch({ log: ports.log, decode: decodeWork, handle: useCases.advance }, event);

const executions: Make =
  ({ ports, useCases }) =>
  (event) =>
    workFifoBatch(
      { log: ports.log, decode: decodeReport, handle: (report) => useCases.applyExecution(report) },
      event,
    );

const evaluate: Make =
  ({ ports, useCases }) =>
  (event) =>
    workStandardBatch(
      { log: ports.log, decode: decodeTrigger, handle: (message) => evaluateOne(useCases, message) },
      event,
    );

async function evaluateOne(useCases: System['useCases'], message: TriggerMessage): Promise<void> {
  if (message.kind === 'wake') await useCases.evaluateHits(message.symbol);
  else if (message.kind === 'sweep') await useCases.sweep(message);
  else if ((await useCases.rebuildSymbol(message.symbol)) === 'rebuilt')
    await useCases.evaluateHits(message.symbol);
}

export function startFunctions(machine: Machine, parts: LambdaParts): readonly Lambda[] {
  const { queues } = machine.outside;
  const on =
    (make: Make) =>
    (proc: Proc): Handler =>
      make(makeSystem(machine, proc));
  return [
    new Lambda(
      { name: 'submit', timeoutMs: 15_000, concurrency: 10, batchSize: 1 },
      queues.submit,
      parts,
      on(advance),
    ),
    new Lambda(
      { name: 'exits', timeoutMs: 15_000, concurrency: 20, batchSize: 1 },
      queues.exits,
      parts,
      on(advance),
    ),
    new Lambda(
      { name: 'executions', timeoutMs: 5_000, concurrency: 10, batchSize: 10 },
      queues.executions,
      parts,
      on(executions),
    ),
    new Lambda(
      { name: 'evaluate', timeoutMs: 10_000, concurrency: 10, batchSize: 10 },
      queues.triggers,
      parts,
      on(evaluate),
    ),
  ];
}

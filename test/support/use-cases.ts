/** All use cases over one set of ports, as all functions together have them. */
import {
  makeCommands,
  makeExecutionWork,
  makeOrderWork,
  makeReconcileWork,
  makeTriggerWork,
} from '../../functions/compose/use-cases.ts';
import type { KeySealer } from '../../shared/ports/keys.ts';
import type { Ports } from '../../shared/usecases/ports.ts';

export type UseCases = ReturnType<typeof makeUseCases>;

export interface UseCaseSettings {
  readonly monitorEnabled: boolean;
  /** Only the function that takes keys in has one. */
  readonly keySealer?: KeySealer | null;
}

export function makeUseCases(ports: Ports, settings: UseCaseSettings) {
  const commands = makeCommands(ports, settings.keySealer ?? null);
  return {
    ...commands,
    ...makeExecutionWork(ports),
    ...makeOrderWork(ports),
    ...makeTriggerWork(ports, settings),
    reconcile: { ...commands.reconcile, ...makeReconcileWork(ports) },
  };
}

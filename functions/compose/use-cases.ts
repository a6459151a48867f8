/** All use cases of the main job over one set of ports. */
import type { KeySealer } from '../../shared/ports/keys.ts';
import { makeAdvance } from '../../shared/usecases/advance.ts';
import { makeAfterEffects } from '../../shared/usecases/after-effects.ts';
import { makeAmendOrder } from '../../shared/usecases/amend-order.ts';
import { makeApplyExecution } from '../../shared/usecases/apply-execution.ts';
import { makeArmLevels } from '../../shared/usecases/arm-levels.ts';
import { makeCancelAll } from '../../shared/usecases/cancel-all.ts';
import { makeCancelOrder } from '../../shared/usecases/cancel-order.ts';
import { makeChangeAccount } from '../../shared/usecases/change-account.ts';
import { makeChangeOrder } from '../../shared/usecases/change-order.ts';
import { makeChangeProtection } from '../../shared/usecases/change-protection.ts';
import { makeCheckKeys, makeMarkKeyProblem } from '../../shared/usecases/check-keys.ts';
import { makeClosePosition } from '../../shared/usecases/close-position.ts';
import { makeCreateWallet } from '../../shared/usecases/create-wallet.ts';
import { makeEvaluateHits } from '../../shared/usecases/evaluate-hits.ts';
import { makePlaceOrder } from '../../shared/usecases/place-order.ts';
import type { Ports } from '../../shared/usecases/ports.ts';
import { makePreviewOrder } from '../../shared/usecases/preview-order.ts';
import { makeRebuildSymbol } from '../../shared/usecases/rebuild-symbol.ts';
import { makeAskReconcile } from '../../shared/usecases/reconcile/ask-reconcile.ts';
import { makeReconcileWallet } from '../../shared/usecases/reconcile/reconcile-wallet.ts';
import { makeScheduleReconciles } from '../../shared/usecases/reconcile/schedule.ts';
import { makeRedriveChecks } from '../../shared/usecases/redrive-checks.ts';
import { makeRedriveDue } from '../../shared/usecases/redrive-due.ts';
import { makeSweep } from '../../shared/usecases/sweep.ts';
import { makeTakeSignal } from '../../shared/usecases/take-signal.ts';
import { makeWalletCommands } from '../../shared/usecases/wallet-commands.ts';

export type UseCases = ReturnType<typeof makeUseCases>;

export interface UseCaseSettings {
  readonly monitorEnabled: boolean;
  /** Only the function that takes keys in has one. */
  readonly keySealer?: KeySealer | null;
}

export function makeUseCases(ports: Ports, settings: UseCaseSettings) {
  const arm = makeArmLevels(ports);
  const changeOrder = makeChangeOrder(ports);
  const afterEffects = makeAfterEffects(ports, arm);
  const applyExecution = makeApplyExecution(ports, changeOrder, afterEffects);
  const evaluateHits = makeEvaluateHits(ports, arm);
  const redriveDue = makeRedriveDue(ports, makeRedriveChecks(ports));
  const checkKeys = makeCheckKeys(ports);
  const markKeyProblem = makeMarkKeyProblem(ports, makeChangeAccount(ports));
  const cancelOrder = makeCancelOrder(ports, changeOrder, afterEffects);
  return {
    applyExecution,
    evaluateHits,
    redriveDue,
    advance: makeAdvance(ports, {
      changeOrder,
      applyExecution,
      afterEffects,
      arm,
      checkKeys,
      markKeyProblem,
    }),
    amendOrder: makeAmendOrder(ports),
    cancelAll: makeCancelAll(ports, cancelOrder),
    cancelOrder,
    changeProtection: makeChangeProtection(ports, arm),
    closePosition: makeClosePosition(ports, arm),
    createWallet: makeCreateWallet(ports),
    placeOrder: makePlaceOrder(ports),
    previewOrder: makePreviewOrder(ports),
    reconcile: {
      wallet: makeReconcileWallet(ports, arm),
      ask: makeAskReconcile(ports),
      schedule: makeScheduleReconciles(ports),
    },
    rebuildSymbol: makeRebuildSymbol(ports),
    wallets: makeWalletCommands(ports, settings.keySealer ?? null),
    takeSignal: makeTakeSignal(ports, arm),
    sweep: makeSweep(ports, { evaluateHits, redriveDue }, settings.monitorEnabled),
  };
}

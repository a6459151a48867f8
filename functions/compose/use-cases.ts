/**
 * The use cases of the main job over one set of ports, in the parts that one function needs: a bundle carries what its
 * handler asks for here, and nothing of the others.
 */
import type { KeySealer } from '../../shared/ports/keys.ts';
import { makeAdvance } from '../../shared/usecases/advance.ts';
import { makeAfterEffects } from '../../shared/usecases/after-effects.ts';
import { makeAmendOrder } from '../../shared/usecases/amend-order.ts';
import { makeApplyExecution } from '../../shared/usecases/apply-execution.ts';
import { makeArmLevels } from '../../shared/usecases/arm-levels.ts';
import { makeAuditIndex } from '../../shared/usecases/audit-index.ts';
import { makeCancelAll } from '../../shared/usecases/cancel-all.ts';
import { makeCancelOrder } from '../../shared/usecases/cancel-order.ts';
import { makeChangeAccount } from '../../shared/usecases/change-account.ts';
import { makeChangeOrder } from '../../shared/usecases/change-order.ts';
import { makeChangeProtection } from '../../shared/usecases/change-protection.ts';
import { makeCheckKeys, makeMarkKeyProblem } from '../../shared/usecases/check-keys.ts';
import { makeCheckLosses } from '../../shared/usecases/check-losses.ts';
import { makeClientCommands } from '../../shared/usecases/client-commands.ts';
import { makeClosePosition } from '../../shared/usecases/close-position.ts';
import { makeCreateWallet } from '../../shared/usecases/create-wallet.ts';
import { makeEvaluateHits } from '../../shared/usecases/evaluate-hits.ts';
import { makeMeasurePositions } from '../../shared/usecases/measure-positions.ts';
import { makePlaceOrder } from '../../shared/usecases/place-order.ts';
import type { Ports } from '../../shared/usecases/ports.ts';
import { makePreviewOrder } from '../../shared/usecases/preview-order.ts';
import { makeRebuildSymbol } from '../../shared/usecases/rebuild-symbol.ts';
import { makeAskReconcile } from '../../shared/usecases/reconcile/ask-reconcile.ts';
import { makeReconcileWallet } from '../../shared/usecases/reconcile/reconcile-wallet.ts';
import { makeScheduleReconciles } from '../../shared/usecases/reconcile/schedule.ts';
import { makeRedriveDue } from '../../shared/usecases/redrive-due.ts';
import { makeRedriveWallets } from '../../shared/usecases/redrive-wallets.ts';
import { makeStopWallet } from '../../shared/usecases/stop-wallet.ts';
import { makeSweep } from '../../shared/usecases/sweep.ts';
import { makeTakeSignal } from '../../shared/usecases/take-signal.ts';
import { makeWalletCommands } from '../../shared/usecases/wallet-commands.ts';

const makeChanges = (ports: Ports) => {
  const arm = makeArmLevels(ports);
  return { arm, changeOrder: makeChangeOrder(ports), afterEffects: makeAfterEffects(ports, arm) };
};

/** How a wallet is stopped, and the two commands that it is made of. */
function makeStopping(ports: Ports, { arm, changeOrder, afterEffects }: ReturnType<typeof makeChanges>) {
  const cancelOrder = makeCancelOrder(ports, changeOrder, afterEffects);
  const closePosition = makeClosePosition(ports, arm);
  return { cancelOrder, closePosition, stopWallet: makeStopWallet(ports, { cancelOrder, closePosition }) };
}

/** What users ask for. `keySealer`: null where no keys are taken in. */
export function makeCommands(ports: Ports, keySealer: KeySealer | null) {
  const changes = makeChanges(ports);
  const { arm } = changes;
  const { cancelOrder, closePosition, stopWallet } = makeStopping(ports, changes);
  return {
    amendOrder: makeAmendOrder(ports),
    cancelAll: makeCancelAll(ports, cancelOrder),
    cancelOrder,
    clients: makeClientCommands(ports),
    changeProtection: makeChangeProtection(ports, arm),
    closePosition,
    createWallet: makeCreateWallet(ports),
    placeOrder: makePlaceOrder(ports),
    previewOrder: makePreviewOrder(ports),
    reconcile: { ask: makeAskReconcile(ports) },
    takeSignal: makeTakeSignal(ports, arm),
    wallets: makeWalletCommands(ports, keySealer, stopWallet),
  };
}

/** What the venue reported. */
export function makeExecutionWork(ports: Ports) {
  const { changeOrder, afterEffects } = makeChanges(ports);
  return { applyExecution: makeApplyExecution(ports, changeOrder, afterEffects) };
}

/** Orders on their way to the venue. */
export function makeOrderWork(ports: Ports) {
  const changes = makeChanges(ports);
  const { changeOrder, afterEffects } = changes;
  const applyExecution = makeApplyExecution(ports, changeOrder, afterEffects);
  const checkKeys = makeCheckKeys(ports);
  const markKeyProblem = makeMarkKeyProblem(ports, makeChangeAccount(ports));
  return {
    advance: makeAdvance(ports, {
      ...{ ...changes, applyExecution, checkKeys, markKeyProblem },
      stopWallet: makeStopping(ports, changes).stopWallet,
    }),
  };
}

const NOTHING_TAKEN = { taken: 0, exits: 0, failed: 0 };

/** Levels that were reached, and what is due. */
export function makeTriggerWork(ports: Ports, { monitorEnabled }: { readonly monitorEnabled: boolean }) {
  const takeHits = makeEvaluateHits(ports, makeArmLevels(ports));
  // Switched off: by no wake-up and by no sweep. Hits stay where they are, and are judged anew when it is on again.
  const evaluateHits: typeof takeHits = monitorEnabled ? takeHits : async () => NOTHING_TAKEN;
  const redriveDue = makeRedriveDue(ports, makeRedriveWallets(ports));
  const checkLosses = makeCheckLosses(ports);
  return {
    checkLosses,
    evaluateHits,
    redriveDue,
    rebuildSymbol: makeRebuildSymbol(ports),
    sweep: makeSweep(ports, { evaluateHits, redriveDue, checkLosses }, monitorEnabled),
  };
}

/** Ledger against venue, and what is measured over the whole ledger each minute. */
export function makeReconcileWork(ports: Ports) {
  const arm = makeArmLevels(ports);
  return {
    wallet: makeReconcileWallet(ports, arm),
    auditIndex: makeAuditIndex(ports, arm),
    schedule: makeScheduleReconciles(ports),
    measurePositions: makeMeasurePositions(ports),
  };
}

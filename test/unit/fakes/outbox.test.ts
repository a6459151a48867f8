/** The outbox in memory is held to the contract of the one on SQS. */
import type { ReconcileMessage, TriggerMessage } from '../../../shared/ports/messages.ts';
import { describeOutbox } from '../../contracts/outbox.ts';
import { MemoryOutbox, type Sent } from '../../support/fakes/memory-outbox.ts';

describeOutbox('the outbox in memory', async () => {
  let now = 0;
  const outbox = new MemoryOutbox({ clock: { now: () => now } });
  const sentAt = new Map<Sent, number>();
  outbox.fate = (sent) => {
    sentAt.set(sent, now);
    return 'deliver';
  };
  /** Takes what is due of a queue; the rest stays. */
  const takeOf = (isWanted: (sent: Sent) => boolean): Sent[] => {
    const all = outbox.take();
    const isDue = (sent: Sent): boolean =>
      sent.queue === 'executions' || (sentAt.get(sent) ?? 0) + sent.delaySeconds * 1000 <= now;
    const taken = all.filter((sent) => isWanted(sent) && isDue(sent));
    outbox.queue.push(...all.filter((sent) => !taken.includes(sent)));
    return taken;
  };
  return {
    outbox,
    work: async (queue) =>
      takeOf((sent) => sent.queue === queue).flatMap((sent) =>
        sent.queue === 'submit' || sent.queue === 'exits' ? sent.message : [],
      ),
    reports: async () =>
      takeOf((sent) => sent.queue === 'executions').flatMap((sent) =>
        sent.queue === 'executions' ? sent.report : [],
      ),
    triggers: async (): Promise<TriggerMessage[]> =>
      takeOf((sent) => sent.queue === 'triggers').flatMap((sent) =>
        sent.queue === 'triggers' ? sent.message : [],
      ),
    reconciles: async (): Promise<ReconcileMessage[]> =>
      takeOf((sent) => sent.queue === 'reconcile').flatMap((sent) =>
        sent.queue === 'reconcile' ? sent.message : [],
      ),
    pass: async (ms) => {
      now += ms;
    },
  };
});

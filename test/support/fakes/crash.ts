/** Ports that die: the n-th call throws, before or after it took effect, and so does every later one. */
import type { Ports } from '../../../shared/usecases/ports.ts';

export class Crashed extends Error {
  override readonly name = 'Crashed';
}

export interface CrashPlan {
  /** Which call dies, from 1. */
  readonly at: number;
  /** `before`: the call never happened; `after`: it happened, and nobody lived to see its answer. */
  readonly when: 'before' | 'after';
}

const OUTSIDE = ['ledger', 'wallets', 'index', 'prices', 'tape', 'leases', 'counters', 'outbox'] as const;

/** The same ports with a process around them that dies at one call. `calls()`: how many there were. */
export function dying(
  ports: Ports,
  plan: CrashPlan,
): { readonly ports: Ports; readonly calls: () => number } {
  let calls = 0;
  const call = async (perform: () => unknown): Promise<unknown> => {
    calls += 1;
    const dies = calls >= plan.at;
    if (dies && (plan.when === 'before' || calls > plan.at)) throw new Crashed(`call ${calls}`);
    const answer = await perform();
    if (dies) throw new Crashed(`after call ${calls}`);
    return answer;
  };
  const around = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(object, name) {
        const member: unknown = Reflect.get(object, name, object);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => call(() => Reflect.apply(member, object, args));
      },
    });
  const { venues } = ports;
  const wrapped: Ports = {
    ...ports,
    venues: {
      forWallet: async (walletId) => around(await venues.forWallet(walletId)),
      forKeyCheck: async (walletId) => around(await venues.forKeyCheck(walletId)),
      demoBook: async (walletId) => around(await venues.demoBook(walletId)),
    },
  };
  for (const name of OUTSIDE) Object.assign(wrapped, { [name]: around(ports[name]) });
  return { ports: wrapped, calls: () => calls };
}

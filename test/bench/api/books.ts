/** After the load: what was answered is what stands, once. */
import type { RunningSystem } from '../../../infra/local/system.ts';
import type { BenchRequest, Trader } from './requests.ts';
import type { Sample } from './statistics.ts';
import { ordersByClientId } from './traders.ts';

/** `samples` are the answers to `requests`, in their order. */
export async function checkBooks(
  system: RunningSystem,
  traders: readonly Trader[],
  requests: readonly BenchRequest[],
  samples: readonly Sample[],
): Promise<readonly string[]> {
  const { orders, twice } = await ordersByClientId(system, traders);
  const byId = new Map([...orders.values()].map((order) => [order.order_id, order]));
  const wrong = requests.flatMap((request, n) => {
    const sample = samples[n];
    if (sample === undefined || sample.problem !== null || sample.wrong !== null) return [];
    if (request.kind === 'createOrder') {
      const name = `${request.trader} ${String(request.body?.['client_order_id'])}`;
      const status = orders.get(name)?.status ?? 'missing';
      return status === 'filled' ? [] : [`order ${name} is ${status}, and was answered as filled`];
    }
    if (request.kind === 'cancelOrder') {
      const status = byId.get(request.expected)?.status ?? 'missing';
      return status === 'cancelled'
        ? []
        : [`order ${request.expected} is ${status}, and was answered as cancelled`];
    }
    return [];
  });
  return [...twice.map((name) => `order ${name} is there twice`), ...wrong];
}

/** After the storm: waits until everything is settled, gets out of everything through the API, and waits again. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningSystem } from '../../../infra/local/system.ts';
import type { OrderView } from '../../../shared/usecases/views/order-view.ts';
import type { PositionView } from '../../../shared/usecases/views/position-view.ts';
import type { Change, StubbornClient } from './client.ts';
import type { Draw } from './draw.ts';
import { armedOwners, wantsLevels } from './levels.ts';
import { readTables, waitingWork } from './read-ledger.ts';
import type { Tally } from './tally.ts';
import { subscribed, type World } from './world.ts';

const LOOK_EACH_MS = 1_500;
const SETTLE_WITHIN_MS = 180_000;
const CLOSE_WITHIN_MS = 120_000;
const UNSETTLED = 'pending,submitted,cancelling';
const LIVE = 'open,partially_filled';

type Waiting = readonly string[];

/** Looks until nothing is waited for; answers how long it took. What still waits at the end is a violation. */
async function untilNothing(
  what: string,
  look: () => Promise<Waiting>,
  tally: Tally,
  withinMs: number,
): Promise<number> {
  const startedAt = Date.now();
  for (;;) {
    const waiting = await look();
    const tookMs = Date.now() - startedAt;
    if (waiting.length === 0) return tookMs;
    if (tookMs > withinMs) {
      for (const one of waiting) tally.violation(`${what}: not within ${withinMs / 1000} s: ${one}`);
      return tookMs;
    }
    await sleep(LOOK_EACH_MS);
  }
}

const orderText = (order: OrderView): string =>
  `order ${order.order_id} is ${order.status}${order.outcome_unknown ? ', its outcome unknown' : ''}`;
const positionText = (position: PositionView): string =>
  `position ${position.position_id} is ${position.status}`;

async function unfinished(system: RunningSystem): Promise<Waiting> {
  const queues = await waitingWork(system);
  return Object.entries(queues).map(([name, count]) => `${count} messages in ${name}`);
}

export interface Settled {
  /** Until no order was on its way, no exit half done, and every account was listened to. */
  readonly ledgerMs: number;
  /** Until the last message of a process that was killed had come again, and found nothing to do. */
  readonly queuesMs: number;
}

/** Waits for both; what is not settled in time is a violation. */
export async function settle(
  { system, wallets }: World,
  client: StubbornClient,
  tally: Tally,
): Promise<Settled> {
  const accounts = wallets.filter(({ uid }) => uid !== null).length;
  const look = async (): Promise<Waiting> => {
    const orders = await client.all<OrderView>(`/orders?status=${UNSETTLED}`);
    const positions = await client.all<PositionView>('/positions?status=closing');
    const heard = await subscribed(system);
    return [
      ...orders.map(orderText),
      ...positions.map(positionText),
      ...(heard === accounts ? [] : [`user data of ${heard} of ${accounts} accounts is listened to`]),
    ];
  };
  const ledgerMs = await untilNothing('settling', look, tally, SETTLE_WITHIN_MS);
  const queuesMs = await untilNothing('queues', () => unfinished(system), tally, SETTLE_WITHIN_MS);
  return { ledgerMs, queuesMs: ledgerMs + queuesMs };
}

/** Every open position with protection has its levels in the index. Answers how many were looked at. */
export async function checkProtected(
  system: RunningSystem,
  client: StubbornClient,
  tally: Tally,
): Promise<number> {
  let checked = 0;
  const look = async (): Promise<Waiting> => {
    const open = await client.all<PositionView>('/positions?status=open');
    const wanted = open.filter(wantsLevels);
    const armed = await armedOwners(system.valkeyUrl);
    checked = wanted.length;
    return wanted
      .filter(({ position_id: id, risk_management: risk }) => !risk.armed || !armed.has(id))
      .map((one) => `${positionText(one)} without levels in the index`);
  };
  await untilNothing('protection', look, tally, 20_000);
  return checked;
}

/** Cancels and closes everything, and waits until nothing is open and nothing is owed. */
export async function closeAll(
  { system }: World,
  client: StubbornClient,
  draw: Draw,
  tally: Tally,
): Promise<number> {
  const asked = new Set<string>();
  const once = async (id: string, change: Omit<Change, 'orderIdIn' | 'method'>): Promise<void> => {
    if (asked.has(id)) return;
    asked.add(id);
    await client.change(randomUUID(), { method: 'POST', ...change, orderIdIn: () => null }, draw);
  };
  const look = async (): Promise<Waiting> => {
    const resting = await client.all<OrderView>(`/orders?status=${LIVE}`);
    for (const { order_id: id } of resting) {
      await once(id, { path: `/orders/${id}/cancel`, body: {}, what: 'last cancel' });
    }
    const positions = await client.all<PositionView>('/positions?status=opening,open,closing');
    for (const { position_id: id, status } of positions) {
      if (status !== 'closing')
        await once(id, { path: `/positions/${id}/close`, body: {}, what: 'last close' });
    }
    const moving = await client.all<OrderView>(`/orders?status=${UNSETTLED}`);
    const seen = [...resting, ...moving].map(orderText).concat(positions.map(positionText));
    if (seen.length > 0) return seen;
    const { owed } = await readTables(system);
    return [...(await unfinished(system)), ...owed];
  };
  return untilNothing('closing', look, tally, CLOSE_WITHIN_MS);
}

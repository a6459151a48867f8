/** Everything that has to be true once all is closed: intents, orders, fills, balances, P&L, queues, tables. */
import { decimal } from '../../../shared/domain/money/decimal.ts';
import type { OrderView } from '../../../shared/usecases/views/order-view.ts';
import type { Intent, StubbornClient } from './client.ts';
import { compareAccount } from './compare.ts';
import { readDemoBooks } from './demo-books.ts';
import { judgeLetter } from './letters.ts';
import { checkClosed } from './positions.ts';
import { deadLetters, type Ledger, readLedger, readTables } from './read-ledger.ts';
import type { RealDocument } from './report.ts';
import type { Tally } from './tally.ts';
import type { TradedWallet, World } from './world.ts';

type Outcome = Pick<RealDocument, 'orders' | 'positions' | 'fills' | 'dead_letters'>;

/** Adds every violation to the tally; `foreign`: by account, the orders that were made in the app. */
export async function checkEverything(
  world: World,
  client: StubbornClient,
  foreign: ReadonlyMap<number, ReadonlySet<string>>,
  tally: Tally,
): Promise<Outcome> {
  const ledger = await readLedger(client);
  const say = (texts: readonly string[]): void => {
    for (const text of texts) tally.violation(text);
  };
  for (const wallet of world.wallets) {
    const orders = ledger.orders.filter((order) => order.user_wallet_id === wallet.walletId);
    say(await checkWallet(world, client, wallet, orders, foreign));
  }
  for (const position of ledger.positions) {
    const own = ledger.orders.filter((order) => order.position_id === position.position_id);
    say(checkClosed(position, own));
  }
  say(checkIntents(client.intents, ledger.orders));
  say(await checkTables(world, ledger));
  const given = await deadLetters(world.system);
  const letters = given.map((letter) => ({ ...letter, wrong: judgeLetter(letter, ledger) }));
  for (const { queue, body, wrong } of letters) {
    if (wrong !== null) tally.violation(`given up in ${queue}, ${wrong}: ${body}`);
  }
  return {
    orders: countBy(ledger.orders, (order) => order.status),
    positions: ledger.positions.length,
    fills: ledger.orders.reduce((all, order) => all + order.fill_count, 0),
    dead_letters: letters.map(({ queue, body, wrong }) => `${queue}, ${wrong ?? 'done by others'}: ${body}`),
  };
}

async function checkWallet(
  { system, control }: World,
  client: StubbornClient,
  { walletId, name, uid, start }: TradedWallet,
  orders: readonly OrderView[],
  foreign: ReadonlyMap<number, ReadonlySet<string>>,
): Promise<readonly string[]> {
  type Balances = { readonly balances: readonly { readonly asset: string; readonly total: string }[] };
  const told = await client.read<Balances>(`/wallets/${walletId}/balances`);
  const totals = Object.fromEntries(told.balances.map(({ asset, total }) => [asset, total]));
  const books = uid === null ? await readDemoBooks(system, walletId) : await control.books(uid);
  const theirs = (uid === null ? undefined : foreign.get(uid)) ?? new Set<string>();
  const shown = Object.entries(books.balances).flatMap(([asset, { free, locked }]) => {
    const there = decimal(free).plus(locked);
    if (there.equals(totals[asset] ?? '0')) return [];
    return [`${name}: the API shows ${totals[asset] ?? 'no'} ${asset}, the venue has ${there.toFixed()}`];
  });
  return [...compareAccount({ name, start, orders }, books, theirs), ...shown];
}

/** One order per intent, and no entry without one. */
export function checkIntents(intents: readonly Intent[], orders: readonly OrderView[]): readonly string[] {
  const found: string[] = [];
  const ids = new Set(orders.map((order) => order.order_id));
  const byKey = Map.groupBy(
    orders.filter((order) => order.flow_id !== null),
    (order) => order.flow_id ?? '',
  );
  const asked = new Set(intents.map(({ key }) => key));
  for (const intent of intents) {
    const made = byKey.get(intent.key)?.filter((order) => order.role === 'entry') ?? [];
    if (made.length > 1) found.push(`${intent.what} ${intent.key} made ${made.length} orders`);
    for (const id of intent.orderIds) {
      if (!ids.has(id)) found.push(`${intent.what} ${intent.key}: its order ${id} is not in the ledger`);
    }
    const isEntry = intent.what.includes('entry');
    if (isEntry && intent.accepted && made.length === 0) {
      found.push(`${intent.what} ${intent.key} was accepted, but made no order`);
    }
  }
  for (const order of orders) {
    if (order.role === 'entry' && !asked.has(order.flow_id ?? '')) {
      found.push(`order ${order.order_id}: nobody asked for it`);
    }
  }
  return found;
}

/** The tables hold what the API shows, and nothing is owed. */
async function checkTables({ system }: World, { orders }: Ledger): Promise<readonly string[]> {
  const stored = await readTables(system);
  const shown = new Set(orders.map((order) => order.order_id));
  return [
    ...stored.owed.map((text) => `still owed: ${text}`),
    ...stored.others.map((text) => `an item of no known kind: ${text}`),
    ...[...stored.orderIds].filter((id) => !shown.has(id)).map((id) => `order ${id} is in no list`),
    ...[...stored.fills.keys()]
      .filter((id) => !shown.has(id))
      .map((id) => `fills of an order ${id} that is not there`),
    ...orders.flatMap(({ order_id: id, fill_count: count }) => {
      const there = stored.fills.get(id) ?? 0;
      return there === count ? [] : [`order ${id}: ${count} fills counted, ${there} stored`];
    }),
  ];
}

function countBy<T>(items: readonly T[], name: (item: T) => string): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[name(item)] = (counts[name(item)] ?? 0) + 1;
  return counts;
}

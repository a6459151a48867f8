/** What streamers say of user data, on Valkey: the hash `userdata:{environment}`, a field per wallet, connection and shard. */
import * as z from 'zod';
import { lazily } from '../../domain/lazily.ts';
import type { BinanceEnvironment } from '../../domain/types.ts';
import type {
  UserDataBoard,
  UserDataShard,
  UserDataStatus,
  WalletStreamStatus,
} from '../../ports/user-data.ts';
import type { Valkey } from './client.ts';

/** A streamer that has gone says nothing more; its words fade after this. */
const FADES_MS = 60_000;

const boardKey = (environment: BinanceEnvironment): string => `userdata:{${environment}}`;
const walletField = (walletId: string): string => `wallet:${walletId}`;
const connectionField = (instance: string, name: string): string => `connection:${instance}:${name}`;

const shardField = (shard: number): string => `shard:${shard}`;

const time = z.number().nullable();
const Wallet = lazily(() =>
  z.object({
    walletId: z.string(),
    at: z.number(),
    subscribedSince: time,
    lastEventAt: time,
    lastBalancesAt: time,
    problem: z.object({ code: z.string(), message: z.string(), at: z.number() }).nullable(),
    events: z.record(z.string(), z.number()),
    reportsSent: z.number(),
    buffered: z.number(),
    foreignOrders: z.number(),
    gapOpen: z.boolean(),
  }),
);
const Connection = lazily(() =>
  z.object({
    name: z.string(),
    at: z.number(),
    connected: z.boolean(),
    healthy: z.boolean(),
    messagesReceived: z.number(),
    errors: z.number(),
    failures: z.number(),
    reconnects: z.number(),
    lastMessageAt: time,
    connectedSince: time,
    lastError: z.string().nullable(),
  }),
);

const Shard = lazily(() => z.object({ shard: z.number(), of: z.number(), at: z.number() }));

const Said = lazily(() => z.object({ at: z.number() }));

/** What is not of this version of the board counts as old: nobody can read it. */
function saidAt(text: string): number {
  try {
    const said = Said().safeParse(JSON.parse(text));
    return said.success ? said.data.at : Number.NEGATIVE_INFINITY;
  } catch {
    return Number.NEGATIVE_INFINITY;
  }
}

/** HGETALL as the protocol has it: names and values in turn. */
const Pairs = lazily(() => z.array(z.string()));

export function createUserDataBoard(valkey: Valkey): UserDataBoard {
  /** When old words were last taken off, by environment: epoch ms. */
  const tidiedAt = new Map<BinanceEnvironment, number>();

  /** Words of streamers that have gone. One that is said again in this instant is back with the next. */
  async function tidy(environment: BinanceEnvironment, now: number): Promise<void> {
    if (now - (tidiedAt.get(environment) ?? Number.NEGATIVE_INFINITY) < FADES_MS) return;
    tidiedAt.set(environment, now);
    const key = boardKey(environment);
    const pairs = Pairs().parse(await valkey.command(['HGETALL', key]));
    const old = pairs.filter((_, i) => i % 2 === 0 && now - saidAt(pairs[i + 1] ?? '') > FADES_MS);
    if (old.length > 0) await valkey.command(['HDEL', key, ...old]);
  }

  return {
    async write(environment, instance, status, gone) {
      const key = boardKey(environment);
      const fields = [
        ...status.wallets.map((wallet) => [walletField(wallet.walletId), JSON.stringify(wallet)]),
        ...status.connections.map((one) => [connectionField(instance, one.name), JSON.stringify(one)]),
        ...status.shards.map((one) => [shardField(one.shard), JSON.stringify(one)]),
      ];
      const commands: (readonly string[])[] = [];
      if (fields.length > 0) commands.push(['HSET', key, ...fields.flat()]);
      if (gone.length > 0) commands.push(['HDEL', key, ...gone.map(walletField)]);
      commands.push(['PEXPIRE', key, String(FADES_MS)]);
      await Promise.all(commands.map((command) => valkey.command(command)));
      const at = Math.max(
        ...[...status.wallets, ...status.connections, ...status.shards].map((one) => one.at),
      );
      // Who has nothing to say does not know what time it is.
      if (Number.isFinite(at)) await tidy(environment, at);
    },

    async read(environment, now) {
      const pairs = Pairs().parse(await valkey.command(['HGETALL', boardKey(environment)]));
      const wallets: UserDataStatus['wallets'][number][] = [];
      const connections: UserDataStatus['connections'][number][] = [];
      const shards: UserDataShard[] = [];
      for (let i = 0; i + 1 < pairs.length; i += 2) {
        const [field = '', text = ''] = [pairs[i], pairs[i + 1]];
        if (field.startsWith('wallet:')) wallets.push(Wallet().parse(JSON.parse(text)));
        else if (field.startsWith('shard:')) shards.push(Shard().parse(JSON.parse(text)));
        else connections.push(Connection().parse(JSON.parse(text)));
      }
      const isFresh = ({ at }: { readonly at: number }): boolean => now - at <= FADES_MS;
      return {
        wallets: wallets.filter(isFresh),
        connections: connections.filter(isFresh),
        shards: shards.filter(isFresh),
      };
    },

    async readWallet(environment, walletId, now): Promise<WalletStreamStatus | null> {
      const answer = await valkey.command(['HGET', boardKey(environment), walletField(walletId)]);
      const text = z.string().nullable().parse(answer);
      if (text === null) return null;
      const wallet = Wallet().parse(JSON.parse(text));
      return now - wallet.at <= FADES_MS ? wallet : null;
    },
  };
}

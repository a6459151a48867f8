/**
 * The venue's news of accounts, as it happens (design sections 3, 7, 13): who is listened to, and what is heard.
 *
 * Nothing is replayed by a venue: what happened while a wallet was not subscribed is a gap, told as such.
 */
import type { BinanceEnvironment, ExecutionReport } from '../domain/types.ts';
import type { ConnectionStats } from './connection.ts';

/** A wallet to listen to. A higher key version replaces the subscription. */
export interface UserDataWallet {
  readonly walletId: string;
  readonly userId: string;
  readonly keyVersion: number;
  /** Ciphertext, opened where the subscription is signed. */
  readonly sealedKeys: string;
}

/** An order that this system did not place: by another key, or in the venue's app. */
export interface ForeignOrder {
  readonly walletId: string;
  readonly venueSymbol: string;
  readonly venueOrderId: string;
  readonly clientId: string;
}

/** Called in the order of the wallet's events. None of them may throw. */
export interface UserDataHandlers {
  /** News of one of our orders. */
  onReport(report: ExecutionReport): void;
  /** Something happened to this order of ours that only a query explains. */
  onLook(walletId: string, clientId: string, reason: string): void;
  /** All orders of this order's list have ended, the venue says; their own reports may have told it, or not. */
  onListDone(walletId: string, clientId: string): void;
  onForeign(order: ForeignOrder): void;
  /** Events of this wallet may be missing: it is subscribed from now on, or something of it could not be read. */
  onGap(walletId: string, reason: string): void;
}

export interface WalletStreamHealth {
  readonly walletId: string;
  /** Since when nothing was missed, epoch ms; null = not subscribed. */
  readonly subscribedSince: number | null;
  readonly lastEventAt: number | null;
  readonly lastBalancesAt: number | null;
  /** Why it is not subscribed; stable code first. */
  readonly problem: { readonly code: string; readonly message: string; readonly at: number } | null;
  /** By event name: `executionReport`, `balanceUpdate`, ... */
  readonly events: Readonly<Record<string, number>>;
}

export interface UserDataHealth {
  readonly connections: readonly ConnectionStats[];
  readonly wallets: readonly WalletStreamHealth[];
}

export interface UserDataSource {
  /** From now on exactly these; takes effect within seconds. */
  watch(wallets: readonly UserDataWallet[]): void;
  health(): UserDataHealth;
  /** After it resolves no handler is called any more. */
  stop(): Promise<void>;
}

/** What a streamer says of one wallet, for health and for the wallet's own page. */
export interface WalletStreamStatus extends WalletStreamHealth {
  /** When this was said, epoch ms. */
  readonly at: number;
  /** Execution reports that the queue has taken. */
  readonly reportsSent: number;
  /** Reports that wait for the queue. */
  readonly buffered: number;
  readonly foreignOrders: number;
  /** Its live orders still have to be asked for. */
  readonly gapOpen: boolean;
}

export interface UserDataStatus {
  /** Of all streamers that run. */
  readonly connections: readonly (ConnectionStats & { readonly at: number })[];
  readonly wallets: readonly WalletStreamStatus[];
  /** Who listens: the wallets are divided among so many processes (or there is one), and this is one of them. */
  readonly shards: readonly UserDataShard[];
}

export interface UserDataShard {
  readonly shard: number;
  readonly of: number;
  /** When this was said, epoch ms. */
  readonly at: number;
}

/** The last word of the streamers, in the cache; what is older than a minute is gone. */
export interface UserDataBoard {
  /** `instance` tells streamers apart; `gone` are wallets that are not listened to any more. */
  write(
    environment: BinanceEnvironment,
    instance: string,
    status: UserDataStatus,
    gone: readonly string[],
  ): Promise<void>;
  read(environment: BinanceEnvironment, now: number): Promise<UserDataStatus>;
  /** Null when no streamer has said anything of it within the minute. */
  readWallet(
    environment: BinanceEnvironment,
    walletId: string,
    now: number,
  ): Promise<WalletStreamStatus | null>;
}

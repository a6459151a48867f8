/** Webhooks: addresses of a user that are told of events by a signed POST (design section 14). */

import type { Page } from './ledger.ts';
import type { Channel } from './push.ts';

export interface Webhook {
  readonly webhookId: string;
  readonly userId: string;
  readonly url: string;
  readonly channels: readonly Channel[];
  readonly description: string | null;
  /** Signs what is sent; shown to its user once. */
  readonly secret: string;
  readonly createdAt: number;
}

/** An event as it is sent; `id` tells a repeat from another one. */
export interface SentEvent {
  readonly id: string;
  readonly type: string;
  readonly at: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export const DELIVERY_STATUSES = ['pending', 'delivered', 'failed'] as const;

/** What became of one event for one webhook. */
export interface Delivery {
  readonly webhookId: string;
  readonly eventId: string;
  readonly eventType: string;
  /** `failed`: given up. */
  readonly status: (typeof DELIVERY_STATUSES)[number];
  readonly attempts: number;
  /** Of the last answer; null where there was none. */
  readonly httpStatus: number | null;
  /** Why the last attempt did not count; null: it did, or there was none yet. */
  readonly error: string | null;
  readonly nextAttemptAt: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface WebhookStore {
  /** False: the user has one of this id. */
  create(webhook: Webhook): Promise<boolean>;
  /** Null: none, or not this user's. */
  get(userId: string, webhookId: string): Promise<Webhook | null>;
  /** All of a user, oldest first. */
  ofUser(userId: string): Promise<readonly Webhook[]>;
  remove(userId: string, webhookId: string): Promise<void>;
  delivery(webhookId: string, eventId: string): Promise<Delivery | null>;
  note(delivery: Delivery): Promise<void>;
  /** Of the last seven days, the newest events first. */
  deliveries(
    webhookId: string,
    query: { readonly limit: number; readonly cursor: string | null },
  ): Promise<Page<Delivery>>;
}

/** Work for the function that delivers: the event itself, which may be over before its last attempt. */
export interface WebhookMessage {
  readonly userId: string;
  readonly webhookId: string;
  /** From 1. */
  readonly attempt: number;
  readonly event: SentEvent;
}

export interface WebhookQueue {
  send(message: WebhookMessage, delaySeconds?: number): Promise<void>;
}

export type Attempt =
  | { readonly outcome: 'answered'; readonly status: number }
  | { readonly outcome: 'failed'; readonly reason: string };

export interface WebhookSender {
  post(url: string, body: string, headers: Readonly<Record<string, string>>): Promise<Attempt>;
}

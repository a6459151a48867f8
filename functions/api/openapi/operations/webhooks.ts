/** What the document says of webhooks. */
import { EmptyBody } from '../../schemas/fields.ts';
import { CreateWebhookBody, ListDeliveriesQuery } from '../../webhook-schemas.ts';
import { BODY } from '../errors.ts';
import { CHANGES, type DescribedOperation, ok, page } from './described.ts';

export const WEBHOOK_OPERATIONS = {
  createWebhook: {
    tag: 'Webhooks',
    summary: 'Create a webhook',
    description:
      'Its secret signs what is sent, and no other call answers it. A repeat under the same `Idempotency-Key` answers the same webhook with the same secret for as long as it is there: the first answer may have been lost. Without a key each call makes another one.',
    body: { schema: CreateWebhookBody(), required: true },
    headers: ['Idempotency-Key'],
    answers: [
      { status: 201, description: 'The webhook, with its secret.', schema: 'CreatedWebhook' },
      ok('CreatedWebhook', 'A repeat: the webhook that the first call made, with its secret.'),
    ],
    errors: [...BODY, 'idempotency_mismatch', 'webhook_url', 'webhook_limit', 'conflict'],
  },
  listWebhooks: {
    tag: 'Webhooks',
    summary: 'List webhooks',
    description: 'All of them, without their secrets.',
    answers: [page('Webhook', 'The webhooks.')],
    errors: [],
  },
  deleteWebhook: {
    tag: 'Webhooks',
    summary: 'Delete a webhook',
    description: 'Nothing is sent to it any more.',
    body: { schema: EmptyBody(), required: false },
    answers: [ok('DeletedWebhook', 'It is gone.')],
    errors: [...BODY, ...CHANGES],
  },
  testWebhook: {
    tag: 'Webhooks',
    summary: 'Send a test event to a webhook',
    description: 'What became of it is among its deliveries.',
    body: { schema: EmptyBody(), required: false },
    answers: [{ status: 202, description: 'The event is on its way.', schema: 'TestedWebhook' }],
    errors: [...BODY, ...CHANGES],
  },
  listDeliveries: {
    tag: 'Webhooks',
    summary: 'List the deliveries of a webhook',
    description: 'Newest first.',
    query: ListDeliveriesQuery(),
    answers: [page('Delivery', 'A page of deliveries.')],
    errors: ['not_found', 'invalid_cursor'],
  },
} as const satisfies Record<string, DescribedOperation>;

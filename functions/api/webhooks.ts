/** Webhooks: create (only that answers its secret), list, delete, test, deliveries (design section 17; docs/push.md). */
import { httpError } from '../../shared/http/errors.ts';
import type { ApiResponse, UserRequest } from '../../shared/http/types.ts';
import { validate } from '../../shared/http/validate.ts';
import { deliveryView, webhookView } from '../../shared/usecases/push/webhooks.ts';
import type { ApiDeps } from './deps.ts';
import { refused } from './errors.ts';
import { idempotencyKey } from './keys.ts';
import { pageResponse } from './page.ts';
import { EmptyBody, NoQuery } from './schemas/fields.ts';
import { CreateWebhookBody, ListDeliveriesQuery } from './webhook-schemas.ts';

const noSuchWebhook = () => httpError('not_found', 'There is no such webhook.', { field: 'webhook_id' });

const webhookIdOf = (request: UserRequest): string => request.params['webhook_id'] ?? '';

export function webhookOperations({ webhooks }: Pick<ApiDeps, 'webhooks'>) {
  return {
    createWebhook: async (request: UserRequest): Promise<ApiResponse> => {
      validate(NoQuery, request.query);
      const { url, channels, description } = validate(CreateWebhookBody, request.body);
      const key = idempotencyKey(request);
      const created = await webhooks.create({ userId: request.userId, url, channels, description, key });
      if (!created.ok) throw refused(created.error);
      const { webhook, repeated } = created.value;
      return { status: repeated ? 200 : 201, body: { ...webhookView(webhook), secret: webhook.secret } };
    },

    listWebhooks: async (request: UserRequest): Promise<ApiResponse> => {
      validate(NoQuery, request.query);
      const all = await webhooks.list(request.userId);
      return { status: 200, body: { items: all.map(webhookView), next_cursor: null } };
    },

    deleteWebhook: async (request: UserRequest): Promise<ApiResponse> => {
      validate(NoQuery, request.query);
      validate(EmptyBody, request.body);
      const webhookId = webhookIdOf(request);
      if (!(await webhooks.remove(request.userId, webhookId))) throw noSuchWebhook();
      return { status: 200, body: { webhook_id: webhookId, deleted: true } };
    },

    testWebhook: async (request: UserRequest): Promise<ApiResponse> => {
      validate(NoQuery, request.query);
      validate(EmptyBody, request.body);
      const event = await webhooks.test(request.userId, webhookIdOf(request));
      if (event === null) throw noSuchWebhook();
      return { status: 202, body: { event_id: event.id } };
    },

    listDeliveries: async (request: UserRequest): Promise<ApiResponse> => {
      const query = validate(ListDeliveriesQuery, request.query);
      const found = webhooks.deliveries(request.userId, webhookIdOf(request), query);
      const page = found.then((deliveries) => {
        if (deliveries === null) throw noSuchWebhook();
        return { items: deliveries.items.map(deliveryView), cursor: deliveries.cursor };
      });
      return pageResponse(page);
    },
  };
}

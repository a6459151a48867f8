/** The requests about webhooks. */
import * as z from 'zod';
import { lazily } from '../../shared/domain/lazily.ts';
import { countField } from '../../shared/http/validate.ts';
import { CHANNELS } from '../../shared/ports/push.ts';

export const CreateWebhookBody = lazily(() =>
  z.strictObject({
    url: z.string().min(1).max(2_000),
    channels: z.array(z.enum(CHANNELS)).min(1).max(CHANNELS.length),
    description: z.string().min(1).max(200).nullable().default(null),
  }),
);

export const ListDeliveriesQuery = lazily(() =>
  z.strictObject({
    limit: countField(1, 200).default(50),
    cursor: z.string().min(1).max(2_000).nullable().default(null),
  }),
);

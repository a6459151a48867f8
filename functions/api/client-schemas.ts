/** What requests about machine clients carry (as schemas.ts). */
import * as z from 'zod';
import { CLIENT_SCOPES, type ClientLimits, NO_CLIENT_LIMITS } from '../../shared/domain/clients.ts';
import { lazily } from '../../shared/domain/lazily.ts';
import { countField, positiveField } from '../../shared/http/validate.ts';

const limitFields = lazily(() => ({
  allowed_wallets: z
    .array(z.string().regex(/^[0-9A-Za-z_-]{1,64}$/, 'must be an id'))
    .max(50)
    .nullable()
    .optional(),
  allowed_symbols: z.array(z.string().min(1).max(40)).max(200).nullable().optional(),
  max_order_notional: positiveField.nullable().optional(),
  max_daily_notional: positiveField.nullable().optional(),
  max_orders_per_minute: z.int().min(0).max(100_000).nullable().optional(),
}));

const clientName = lazily(() => z.string().trim().min(1).max(100));
const clientScopes = lazily(() =>
  z
    .array(z.enum(CLIENT_SCOPES))
    .min(1)
    .max(CLIENT_SCOPES.length)
    .transform((scopes) => CLIENT_SCOPES.filter((scope) => scopes.includes(scope))),
);

type Asked = z.output<z.ZodObject<ReturnType<typeof limitFields>>>;

const limitsOf = (asked: Asked): Partial<ClientLimits> => ({
  ...(asked.allowed_wallets !== undefined && {
    allowedWallets: asked.allowed_wallets && [...new Set(asked.allowed_wallets)].sort(),
  }),
  ...(asked.allowed_symbols !== undefined && { allowedSymbols: asked.allowed_symbols }),
  ...(asked.max_order_notional !== undefined && { maxOrderNotional: asked.max_order_notional }),
  ...(asked.max_daily_notional !== undefined && { maxDailyNotional: asked.max_daily_notional }),
  ...(asked.max_orders_per_minute !== undefined && { maxOrdersPerMinute: asked.max_orders_per_minute }),
});

/** `client_id` as the issuer of its tokens calls it; `client_token`: one of them. */
export const RegisterClientBody = lazily(() =>
  z
    .strictObject({
      client_id: z.string().regex(/^[0-9A-Za-z_-]{1,128}$/, 'must be the id of an app client'),
      client_token: z.string().min(1).max(8_192),
      name: clientName(),
      scopes: clientScopes(),
      ...limitFields(),
    })
    .transform(({ client_id, client_token, name, scopes, ...limits }) => ({
      ...{
        clientId: client_id,
        clientToken: client_token,
        name,
        scopes,
        limits: { ...NO_CLIENT_LIMITS, ...limitsOf(limits) },
      },
    })),
);

/** What is named is set, null takes a limit away; the rest stays. */
export const ChangeClientBody = lazily(() =>
  z
    .strictObject({ name: clientName().optional(), scopes: clientScopes().optional(), ...limitFields() })
    .refine((change) => Object.keys(change).length > 0, 'must name at least one change')
    .transform(({ name, scopes, ...limits }) => ({
      ...(name !== undefined && { name }),
      ...(scopes !== undefined && { scopes }),
      limits: limitsOf(limits),
    })),
);

export const ListClientsQuery = lazily(() =>
  z.strictObject({
    limit: countField(1, 200).default(50),
    cursor: z.string().min(1).max(2_000).nullable().default(null),
  }),
);

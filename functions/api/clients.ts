/** Machine clients of a user: register, list, get, change, revoke (design section 17; docs/authorization.md). */
import { httpError } from '../../shared/http/errors.ts';
import type { ApiResponse, UserRequest } from '../../shared/http/types.ts';
import { validate } from '../../shared/http/validate.ts';
import { clientView } from '../../shared/usecases/views/client-view.ts';
import { ChangeClientBody, ListClientsQuery, RegisterClientBody } from './client-schemas.ts';
import type { ApiDeps } from './deps.ts';
import { apiError, refused } from './errors.ts';
import { pageResponse } from './page.ts';
import { EmptyBody, NoQuery } from './schemas/fields.ts';

export function clientOperations({
  commands,
  clock,
  clientOf,
}: Pick<ApiDeps, 'commands' | 'clock' | 'clientOf'>) {
  const { clients } = commands;
  const whose = ({ userId, params }: UserRequest) => ({ userId, clientId: params['client_id'] ?? '' });

  return {
    registerClient: async (request: UserRequest): Promise<ApiResponse> => {
      validate(NoQuery, request.query);
      const { clientToken, ...asked } = validate(RegisterClientBody, request.body);
      if ((await clientOf(clientToken)) !== asked.clientId) {
        const detail = 'client_token is no good access token of this client.';
        throw apiError('client_not_proven', detail, { field: 'client_token' });
      }
      const made = await clients.register({ userId: request.userId, ...asked });
      if (!made.ok) throw refused(made.error);
      const { client, repeated } = made.value;
      return {
        status: repeated ? 200 : 201,
        headers: { location: `/api/v1/clients/${client.clientId}` },
        body: clientView(client, clock.now()),
      };
    },

    listClients: async (request: UserRequest): Promise<ApiResponse> => {
      const query = validate(ListClientsQuery, request.query);
      const page = clients.list(request.userId, query);
      const now = clock.now();
      return pageResponse(
        page.then(({ items, cursor }) => ({ items: items.map((one) => clientView(one, now)), cursor })),
      );
    },

    getClient: async (request: UserRequest): Promise<ApiResponse> => {
      validate(NoQuery, request.query);
      const client = await clients.own(whose(request));
      if (client === null) throw httpError('not_found', 'There is no such client.', { field: 'client_id' });
      return { status: 200, body: clientView(client, clock.now()) };
    },

    changeClient: async (request: UserRequest): Promise<ApiResponse> => {
      validate(NoQuery, request.query);
      const changed = await clients.change({
        ...whose(request),
        ...validate(ChangeClientBody, request.body),
      });
      if (!changed.ok) throw refused(changed.error);
      return { status: 200, body: clientView(changed.value, clock.now()) };
    },

    revokeClient: async (request: UserRequest): Promise<ApiResponse> => {
      validate(NoQuery, request.query);
      validate(EmptyBody, request.body);
      const revoked = await clients.revoke(whose(request));
      if (!revoked.ok) throw refused(revoked.error);
      return { status: 200, body: clientView(revoked.value, clock.now()) };
    },
  };
}

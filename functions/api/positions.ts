/** Positions: list, get, close, change protection (design sections 8, 9, 17). */
import { httpError } from '../../shared/http/errors.ts';
import type { ApiResponse, UserRequest } from '../../shared/http/types.ts';
import { validate } from '../../shared/http/validate.ts';
import { closeWarningView } from '../../shared/usecases/views/close-warning.ts';
import { orderView } from '../../shared/usecases/views/order-view.ts';
import type { AnswerOf } from './answers/agreement.ts';
import type { ClosedPosition } from './answers/positions.ts';
import type { ApiDeps } from './deps.ts';
import { apiError, refused } from './errors.ts';
import { idempotencyKey } from './keys.ts';
import { listQuery, pageResponse } from './page.ts';
import { NoQuery } from './schemas/fields.ts';
import { ChangeProtectionBody, ClosePositionBody, ownFieldName } from './schemas/protection.ts';
import { ListPositionsQuery } from './schemas/reading.ts';
import { isEnded, waitPreference, waitUntil } from './wait.ts';

const noSuchPosition = () => httpError('not_found', 'There is no such position.', { field: 'position_id' });

export function positionOperations(deps: ApiDeps) {
  const { commands, reads } = deps;

  const own = async (request: UserRequest) => {
    const view = await reads.positions.get(request.userId, request.params['position_id'] ?? '');
    if (view === null) throw noSuchPosition();
    return view;
  };

  return {
    listPositions: async (request: UserRequest): Promise<ApiResponse> => {
      const query = validate(ListPositionsQuery, request.query);
      return pageResponse(reads.positions.list(request.userId, await listQuery(deps, query)));
    },

    getPosition: async (request: UserRequest): Promise<ApiResponse> => {
      validate(NoQuery, request.query);
      return { status: 200, body: await own(request) };
    },

    closePosition: async (request: UserRequest): Promise<ApiResponse> => {
      validate(NoQuery, request.query);
      const key = idempotencyKey(request);
      const { quantity } = validate(ClosePositionBody, request.body);
      if (key === null && quantity != null) {
        // A whole close is one claim by itself; a part sold twice would be twice as much.
        throw apiError(
          'idempotency_key_required',
          'A part close without a key could be repeated by accident.',
          {
            field: 'Idempotency-Key',
          },
        );
      }
      const closed = await commands.closePosition({
        userId: request.userId,
        positionId: request.params['position_id'] ?? '',
        quantity: quantity ?? null,
        idempotencyKey: key,
      });
      if (!closed.ok) throw refused(closed.error);
      const { order: first, repeated } = closed.value;
      // The claim is what matters, and it is made: nobody waits for the exit who did not ask to.
      const { waitMs, applied } = waitPreference(request.headers['prefer'], 0);
      const order =
        first && (await waitUntil(deps, () => deps.ledger.order(first.orderId), first, isEnded, waitMs));
      return {
        status: order && isEnded(order) ? 200 : 202,
        ...(applied !== null && { headers: { 'preference-applied': applied } }),
        body: {
          position_id: closed.value.position.positionId,
          // None while the plan has to wait for others first, for instance the cancel of a working entry.
          exit: order && orderView(order, null),
          repeated,
          // A close is always taken; what stands in its way now is said.
          warnings: closed.value.warnings.map(closeWarningView),
          position: await own(request),
        } satisfies AnswerOf<typeof ClosedPosition>,
      };
    },

    changeProtection: async (request: UserRequest): Promise<ApiResponse> => {
      validate(NoQuery, request.query);
      const change = validate(ChangeProtectionBody, request.body);
      const changed = await commands.changeProtection({
        userId: request.userId,
        positionId: request.params['position_id'] ?? '',
        change,
        idempotencyKey: idempotencyKey(request),
      });
      // Here protection is the body itself, not a member of it.
      if (!changed.ok) {
        const ownName = ownFieldName(request.body);
        throw refused(changed.error, (field) => ownName(field).replace(/^protection\./, ''));
      }
      return { status: 200, body: await own(request) };
    },
  };
}

/** What AI agents say about positions: take a signal, list them (design sections 8, 9, 17). */
import { httpError } from '../../shared/http/errors.ts';
import { needScope } from '../../shared/http/need-scope.ts';
import type { ApiResponse, UserRequest } from '../../shared/http/types.ts';
import { validate } from '../../shared/http/validate.ts';
import { fromReason } from '../../shared/usecases/refusal.ts';
import type { SignalTaken } from '../../shared/usecases/take-signal.ts';
import { closeWarningView } from '../../shared/usecases/views/close-warning.ts';
import { orderView } from '../../shared/usecases/views/order-view.ts';
import { signalView } from '../../shared/usecases/views/signal-view.ts';
import type { AnswerOf } from './answers/agreement.ts';
import type { TakenSignal } from './answers/positions.ts';
import type { ApiDeps } from './deps.ts';
import { refused } from './errors.ts';
import { requiredKey } from './keys.ts';
import { pageResponse, spanOf } from './page.ts';
import { NoQuery } from './schemas/fields.ts';
import { ownFieldName, SignalBody } from './schemas/protection.ts';
import { ListSignalsQuery } from './schemas/reading.ts';

const noSuchPosition = () => httpError('not_found', 'There is no such position.', { field: 'position_id' });

const adjustOf = (body: unknown): unknown =>
  typeof body === 'object' && body !== null && 'adjust' in body ? body.adjust : null;

export function signalOperations({ commands, reads }: Pick<ApiDeps, 'commands' | 'reads'>) {
  /** One that is kept as refused answers like a refusal, each time it is sent; the document shows what is kept. */
  const throwRefused = ({ signal }: SignalTaken, body: unknown): void => {
    if (signal.outcome !== 'refused' || signal.reason === null) return;
    const ownName = ownFieldName(adjustOf(body));
    throw refused(fromReason(signal.reason), ownName, { signal: signalView(signal) });
  };

  return {
    takeSignal: async (request: UserRequest): Promise<ApiResponse> => {
      validate(NoQuery, request.query);
      const idempotencyKey = requiredKey(request, 'A signal without a key could be taken twice by accident.');
      const body = validate(SignalBody, request.body);
      // It may loosen a stop.
      if (body.signal === 'adjust') needScope(request, ['trade']);
      const { userId } = request;
      const positionId = request.params['position_id'] ?? '';
      const taken = await commands.takeSignal({
        ...{ userId, positionId, idempotencyKey },
        signal: {
          action: body.signal,
          confidence: body.confidence,
          urgency: body.urgency,
          reasoning: body.reasoning ?? null,
          agentId: body.agent ?? null,
          adjust: body.adjust ?? null,
        },
      });
      if (!taken.ok) throw refused(taken.error);
      throwRefused(taken.value, request.body);
      const { signal, exit, repeated, warnings } = taken.value;
      const position = await reads.positions.get(userId, positionId);
      return {
        status: repeated ? 200 : 201,
        body: {
          ...signalView(signal),
          exit: exit && orderView(exit, null),
          repeated,
          warnings: warnings.map(closeWarningView),
          position,
        } satisfies AnswerOf<typeof TakenSignal>,
      };
    },

    listSignals: async (request: UserRequest): Promise<ApiResponse> => {
      const asked = validate(ListSignalsQuery, request.query);
      const query = { limit: asked.limit, cursor: asked.cursor, ...spanOf(asked) };
      const positionId = request.params['position_id'] ?? '';
      return pageResponse(
        reads.positions.signals(request.userId, positionId, query).then((page) => {
          if (page === null) throw noSuchPosition();
          return page;
        }),
      );
    },
  };
}

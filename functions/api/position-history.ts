/** What became of a position over time: its timeline and its updates (design sections 8, 17, 18). */
import { encodeCursor } from '../../shared/adapters/dynamodb/cursor.ts';
import { httpError } from '../../shared/http/errors.ts';
import type { ApiResponse, UserRequest } from '../../shared/http/types.ts';
import { validate } from '../../shared/http/validate.ts';
import type { Place } from '../../shared/usecases/views/timeline-entries.ts';
import type { AnswerOf } from './answers/agreement.ts';
import type { Timeline, Updates } from './answers/history.ts';
import type { ApiDeps } from './deps.ts';
import { cursorPlace } from './page.ts';
import { ListUpdatesQuery, TimelineQuery } from './schemas/reading.ts';

const noSuchPosition = () => httpError('not_found', 'There is no such position.', { field: 'position_id' });

/** What a cursor of this list says. */
function placeOf(scope: string, cursor: string | null): string | null {
  return cursor === null ? null : cursorPlace(scope, cursor);
}

const placeText = ({ at, rank, key }: Place): string => `${at} ${rank} ${key}`;

function timelinePlace(text: string | null): Place | null {
  if (text === null) return null;
  const [at = '', rank = '', ...key] = text.split(' ');
  return { at: Number.parseInt(at, 10), rank: Number.parseInt(rank, 10), key: key.join(' ') }; // not money: a time
}

export function positionHistoryOperations({ reads }: Pick<ApiDeps, 'reads'>) {
  return {
    getTimeline: async ({ userId, params, query: asked }: UserRequest): Promise<ApiResponse> => {
      const positionId = params['position_id'] ?? '';
      const { from, to, limit, cursor } = validate(TimelineQuery, asked);
      const scope = `timeline/${positionId}/${from ?? ''}/${to ?? ''}`;
      const after = timelinePlace(placeOf(scope, cursor));
      const page = await reads.timeline(userId, positionId, { from, to, limit, after });
      if (page === null) throw noSuchPosition();
      const next = page.next && encodeCursor(scope, { pk: positionId, sort: placeText(page.next) });
      return { status: 200, body: { ...page.body, next_cursor: next } satisfies AnswerOf<typeof Timeline> };
    },

    listUpdates: async ({ userId, params, query: asked }: UserRequest): Promise<ApiResponse> => {
      const positionId = params['position_id'] ?? '';
      const { from, to, limit, cursor } = validate(ListUpdatesQuery, asked);
      const scope = `updates/${positionId}/${from ?? ''}/${to ?? ''}`;
      const place = placeOf(scope, cursor);
      const before = place === null ? null : Number.parseInt(place, 10); // not money: a second
      const page = await reads.updates(userId, positionId, { from, to, limit, before });
      if (page === null) throw noSuchPosition();
      const next =
        page.next === null ? null : encodeCursor(scope, { pk: positionId, sort: String(page.next) });
      return { status: 200, body: { ...page.body, next_cursor: next } satisfies AnswerOf<typeof Updates> };
    },
  };
}

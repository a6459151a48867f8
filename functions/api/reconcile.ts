/** Ledger against venue: ask for a comparison, read the statements (design sections 13, 17). */
import { encodeCursor } from '../../shared/adapters/dynamodb/cursor.ts';
import { httpError } from '../../shared/http/errors.ts';
import type { ApiResponse, UserRequest } from '../../shared/http/types.ts';
import { validate } from '../../shared/http/validate.ts';
import type { ReconcileStatement } from '../../shared/ports/reconcile.ts';
import { statementView } from '../../shared/usecases/views/reconcile-view.ts';
import type { AnswerOf } from './answers/agreement.ts';
import type { AskedReconciliation, LatestReconciliation } from './answers/reconcile.ts';
import type { ApiDeps } from './deps.ts';
import { refused } from './errors.ts';
import { cursorPlace } from './page.ts';
import { EmptyBody, NoQuery } from './schemas/fields.ts';
import { ListStatementsQuery } from './schemas/reading.ts';
import { waitPreference, waitUntil } from './wait.ts';

const noSuchWallet = () => httpError('not_found', 'There is no such wallet.', { field: 'wallet_id' });

const walletIdOf = (request: UserRequest): string => request.params['wallet_id'] ?? '';

export function reconcileOperations(deps: ApiDeps) {
  const { commands, reads, wallets } = deps;

  async function ownWalletId(request: UserRequest): Promise<string> {
    const walletId = walletIdOf(request);
    const wallet = await wallets.get(walletId);
    if (wallet === null || wallet.userId !== request.userId) throw noSuchWallet();
    return walletId;
  }

  return {
    /** 200 with the statement when the comparison is done in time, else 202 with the last one: it is under way. */
    reconcileWallet: async (request: UserRequest): Promise<ApiResponse> => {
      validate(NoQuery, request.query);
      validate(EmptyBody, request.body);
      const walletId = walletIdOf(request);
      const asked = await commands.reconcile.ask({ userId: request.userId, walletId });
      if (!asked.ok) throw refused(asked.error);
      const { wantedAt, last } = asked.value;
      const { waitMs, applied } = waitPreference(request.headers['prefer']);
      // Corrections are on their way when a pass says so; the follow-up tells what came of them.
      const isDone = (statement: ReconcileStatement | null): boolean =>
        statement !== null && statement.startedAt >= wantedAt && statement.status !== 'correcting';
      const read = () => reads.reconciles.latest(walletId);
      const statement = await waitUntil(deps, read, last, isDone, waitMs);
      return {
        status: isDone(statement) ? 200 : 202,
        ...(applied !== null && { headers: { 'preference-applied': applied } }),
        body: {
          wallet_id: walletId,
          done: isDone(statement),
          statement: statement && statementView(statement),
        } satisfies AnswerOf<typeof AskedReconciliation>,
      };
    },

    getReconciliation: async (request: UserRequest): Promise<ApiResponse> => {
      validate(NoQuery, request.query);
      const walletId = await ownWalletId(request);
      const statement = await reads.reconciles.latest(walletId);
      const body = {
        wallet_id: walletId,
        statement: statement && statementView(statement),
      } satisfies AnswerOf<typeof LatestReconciliation>;
      return { status: 200, body };
    },

    listReconciliations: async (request: UserRequest): Promise<ApiResponse> => {
      const { limit, cursor, to } = validate(ListStatementsQuery, request.query);
      const walletId = await ownWalletId(request);
      const scope = `statements/${walletId}/${to ?? ''}`;
      const before = cursor === null ? to : Number.parseInt(cursorPlace(scope, cursor), 10); // not money: a time
      const found = await reads.reconciles.list(walletId, limit + 1, before);
      const items = found.slice(0, limit);
      const oldest = found.length > limit ? items.at(-1) : undefined;
      const next =
        oldest && encodeCursor(scope, { pk: walletId, sort: String(Date.parse(oldest.started_at)) });
      return { status: 200, body: { items, next_cursor: next ?? null } };
    },
  };
}

/** What the document says of machine clients and the record of what was done. */
import { ChangeClientBody, ListClientsQuery, RegisterClientBody } from '../../client-schemas.ts';
import { EmptyBody } from '../../schemas/fields.ts';
import { BODY } from '../errors.ts';
import { CHANGES, type DescribedOperation, ok, page } from './described.ts';

export const ACCESS_OPERATIONS = {
  registerClient: {
    tag: 'Access',
    summary: 'Register a machine client',
    description:
      'An app client of the token issuer acts for you from then on, with at most these scopes and within these limits. That it is yours is shown by `client_token`, one of its own access tokens: it is looked at and not kept. A repeat of the same answers what is there.',
    body: { schema: RegisterClientBody(), required: true },
    answers: [
      { status: 201, description: 'The client.', schema: 'Client' },
      ok('Client', 'It was registered before, as it is asked for.'),
    ],
    errors: [
      ...BODY,
      ...CHANGES,
      'client_exists',
      'client_not_proven',
      'unknown_symbol',
      'out_of_range',
      'idempotency_mismatch',
    ],
  },
  listClients: {
    tag: 'Access',
    summary: 'List machine clients',
    description: 'Newest first, revoked ones too.',
    query: ListClientsQuery(),
    answers: [page('Client', 'A page of clients.')],
    errors: ['invalid_cursor'],
  },
  getClient: {
    tag: 'Access',
    summary: 'Get a machine client',
    description: 'With what it has used of its limits.',
    answers: [ok('Client', 'The client.')],
    errors: ['not_found'],
  },
  changeClient: {
    tag: 'Access',
    summary: 'Change a machine client',
    description: 'What is named is set, null takes a limit away, the rest stays.',
    body: { schema: ChangeClientBody(), required: true },
    answers: [ok('Client', 'The client.')],
    errors: [...BODY, ...CHANGES, 'unknown_symbol', 'out_of_range'],
  },
  revokeClient: {
    tag: 'Access',
    summary: 'Revoke a machine client',
    description: 'Its tokens are refused at once; it never comes back.',
    body: { schema: EmptyBody(), required: false },
    answers: [ok('Client', 'The revoked client.')],
    errors: [...BODY, ...CHANGES],
  },
  listAudit: {
    tag: 'Access',
    summary: 'List what was done',
    description:
      'Every call that could change something, newest first: who, what, when, and what came of it.',
    query: ListClientsQuery(),
    answers: [page('AuditRecord', 'A page of the record.')],
    errors: ['invalid_cursor'],
  },
} as const satisfies Record<string, DescribedOperation>;

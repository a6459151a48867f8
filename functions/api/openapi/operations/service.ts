/** What the document says of the service itself. */
import { type DescribedOperation, ok } from './described.ts';

export const SERVICE_OPERATIONS = {
  healthServices: {
    tag: 'Service',
    summary: 'Get the health of the background services',
    description: 'What streamer and order monitor last said of themselves. Open: no token is needed.',
    answers: [ok('ServiceHealth', 'The services.')],
    errors: [],
  },
} as const satisfies Record<string, DescribedOperation>;

/** Telling somebody at once about work that the ledger already owes (design section 14). */
import type { Log, LogFields } from '../ports/runtime.ts';

/**
 * A message that was not taken is logged and not an error of the caller's command: the commit stands, and the due
 * index sends the work again within seconds.
 */
export async function tell(log: Log, message: Promise<void>, fields: LogFields): Promise<void> {
  try {
    await message;
  } catch (error) {
    log.warn('MESSAGE_NOT_TAKEN', {
      ...fields,
      error: error instanceof Error ? error.message : String(error),
    });
  }
}

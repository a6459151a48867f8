/** The functions' log: one JSON object per line; `code` names the event. */
import { Logger } from '@aws-lambda-powertools/logger';
import type { Log } from '../../shared/ports/runtime.ts';
import { redacted } from './redact.ts';

export function createLog(serviceName: string): Log {
  const logger = new Logger({ serviceName });
  return {
    debug: (code, fields = {}) => logger.debug(code, { code, ...redacted(fields) }),
    info: (code, fields = {}) => logger.info(code, { code, ...redacted(fields) }),
    warn: (code, fields = {}) => logger.warn(code, { code, ...redacted(fields) }),
    error: (code, fields = {}) => logger.error(code, { code, ...redacted(fields) }),
  };
}

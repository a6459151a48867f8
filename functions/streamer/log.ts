/** The streamer's log: one JSON object per line, `code` names the event. */
import { Logger } from '@aws-lambda-powertools/logger';
import type { Log } from '../../shared/ports/runtime.ts';
import { redacted } from '../compose/redact.ts';

export function createLog(): Log {
  const logger = new Logger({ serviceName: process.env['POWERTOOLS_SERVICE_NAME'] ?? 'streamer' });
  return {
    debug: (code, fields = {}) => logger.debug(code, { code, ...redacted(fields) }),
    info: (code, fields = {}) => logger.info(code, { code, ...redacted(fields) }),
    warn: (code, fields = {}) => logger.warn(code, { code, ...redacted(fields) }),
    error: (code, fields = {}) => logger.error(code, { code, ...redacted(fields) }),
  };
}

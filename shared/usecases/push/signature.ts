/** The signature of what is sent to a webhook: HMAC-SHA256 over its time and its body, with the webhook's secret. */
import { createHmac } from 'node:crypto';

export const SIGNATURE_HEADER = 'moniqo-signature';

/** `t=SECONDS,v1=HEX`; `at`: epoch ms. */
export function signature(secret: string, at: number, body: string): string {
  const seconds = Math.floor(at / 1000);
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`, 'utf8').digest('hex')}`;
}

/** What an order's fee would be by the rate of a demo wallet. Pure. */
import { decimal, decimalText } from '../../../../shared/domain/money/decimal.ts';

/** In quote asset; null where worth or rate are not known. */
export const feeOf = (worth: string | null, rate: string | null): string | null =>
  worth === null || rate === null ? null : decimalText(decimal(worth).times(decimal(rate)));

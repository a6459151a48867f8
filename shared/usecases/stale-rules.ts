/** A refusal by a symbol's rules: they may have changed at the venue since they were read (design section 5). */
import type { Environment } from '../domain/types.ts';
import { tell } from './owed.ts';
import type { Ports } from './ports.ts';
import type { Refusal, RefusalCode } from './refusal.ts';

/** What other rules of the symbol, or rules that list it, would let through. */
const BY_RULES: readonly RefusalCode[] = [
  'unknown_symbol',
  'symbol_halted',
  'cancel_only',
  'symbol_delisted',
  'symbol_not_trading',
  'order_type_not_supported',
  'over_precise',
  'below_min_quantity',
  'above_max_quantity',
  'below_min_notional',
  'above_max_notional',
  'below_min_price',
  'above_max_price',
  'outside_price_band',
  'trailing_delta_out_of_range',
  'not_on_step',
  'not_on_tick',
  'below_minimum',
];

/**
 * Asks for the rules anew where they decided against the caller, so that a symbol that trades again is tradable within
 * minutes. Never throws: the refusal stands in any case. The demo venue's rules never change.
 */
export async function askForRules(
  { symbolRefresh, log }: Pick<Ports, 'symbolRefresh' | 'log'>,
  environment: Environment,
  { code }: Refusal,
): Promise<void> {
  if (environment === 'demo' || !BY_RULES.includes(code)) return;
  await tell(log, symbolRefresh.ask(environment), { environment, code });
}

/** Which price a position's levels are compared with: the one that closes it, unless chosen otherwise. */
import type { PriceSource } from '../../domain/triggers/types.ts';
import type { Position } from '../../domain/types.ts';

export function priceSourceOf({ protection, side }: Pick<Position, 'protection' | 'side'>): PriceSource {
  if (protection.triggerPrice !== 'bid_ask') return protection.triggerPrice;
  return side === 'long' ? 'bid' : 'ask';
}

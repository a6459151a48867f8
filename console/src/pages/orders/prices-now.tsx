/** Bid and ask of a symbol as they stand. */
import { useComputed } from '@preact/signals';
import { useLive } from '../../live/context.ts';
import { LiveFigure } from '../../ui/figure.tsx';

export function PricesNow({ symbol }: { readonly symbol: string }) {
  const price = useLive().price(symbol);
  const bid = useComputed(() => price.value?.bid ?? null);
  const ask = useComputed(() => price.value?.ask ?? null);
  return (
    <span>
      {symbol}: bid <LiveFigure of={bid} />, ask <LiveFigure of={ask} />
    </span>
  );
}

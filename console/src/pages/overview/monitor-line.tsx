/** Sockets, prices, sweeps and queues in one line that turns red when one of them is not as it should be. */
import { useComputed } from '@preact/signals';
import { Link } from '../../app/router.tsx';
import { useLive } from '../../live/context.ts';
import { monitorParts, worstOf } from '../../live/monitors.ts';

const SAYS = { good: 'All monitors work', warn: 'A monitor lags', bad: 'A monitor does not work' } as const;

export function MonitorLine() {
  const live = useLive();
  const parts = useComputed(() =>
    monitorParts({
      health: live.health.value,
      healthAt: live.healthAt.value,
      prices: live.symbols.value.map((symbol) => ({
        symbol,
        at: live.price(symbol).value?.timestamp ?? null,
      })),
      now: live.now.value,
    }),
  );
  const worst = worstOf(parts.value);
  return (
    <section class={`monitors monitors-${worst}`} aria-label="Monitors">
      <strong role="status">
        <span class={`dot dot-${worst}`} aria-hidden="true" /> {SAYS[worst]}
      </strong>
      {parts.value.map(({ name, text, tone }) => (
        <span key={name} class={`monitor monitor-${tone}`}>
          <span class="muted">{name}</span> {text}
        </span>
      ))}
      <Link to="/health">Health</Link>
    </section>
  );
}

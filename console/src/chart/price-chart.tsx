/** A price chart with levels on it; the library comes when it is first shown. */
import './chart.css';
import { type ReadonlySignal, useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { isDark } from '../app/theme.ts';
import { figureText } from '../format/decimal-text.ts';
import { problemOf } from '../live/context.ts';
import { Loading, ProblemNote } from '../ui/states.tsx';
import type { PriceChart as Chart, Scene } from './chart.ts';
import { paletteOf } from './palette.ts';
import { StopHandle } from './stop-handle.tsx';

/** A stop that the user may move. */
export interface Movable {
  /** The draft, else the stop as it stands; null: there is none to take hold of. */
  readonly price: ReadonlySignal<string | null>;
  readonly isMoved: ReadonlySignal<boolean>;
  readonly mark: ReadonlySignal<string | null>;
  readonly onMove: (price: string) => void;
  readonly onUndo: () => void;
  readonly onDone: () => void;
}

export interface PriceChartProps {
  readonly scene: ReadonlySignal<Scene>;
  readonly tick: string;
  /** Of what, for those who do not see it. */
  readonly label: string;
  readonly withSeconds: boolean;
  readonly stop: Movable | null;
}

export function PriceChart({ scene, tick, label, withSeconds, stop }: PriceChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useSignal<Chart | null>(null);
  const error = useSignal<unknown>(null);
  const moved = useSignal(0);

  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    let isGone = false;
    let made: Chart | null = null;
    const begin = async (): Promise<void> => {
      try {
        const { createPriceChart } = await import('./chart.ts');
        if (isGone) return;
        made = createPriceChart(element, {
          tick,
          palette: paletteOf(element),
          withSeconds,
          onMoved: () => {
            moved.value += 1;
          },
        });
        made.show(scene.peek());
        made.fit();
        chart.value = made;
      } catch (reason) {
        error.value = reason;
      }
    };
    void begin();
    return () => {
      isGone = true;
      chart.value = null;
      made?.remove();
    };
  }, [tick, withSeconds, scene, chart, error, moved]);

  useSignalEffect(() => chart.value?.show(scene.value));
  useSignalEffect(() => {
    // Read first: the styles are those of the theme that it says.
    isDark.value;
    if (box.current !== null) chart.value?.colour(paletteOf(box.current));
  });

  const price = useComputed(() => stop?.price.value ?? '');
  const y = useComputed(() => {
    moved.value;
    const height = box.current?.clientHeight ?? 0;
    const at = price.value === '' ? null : (chart.value?.yOf(price.value) ?? null);
    return at === null ? null : Math.max(0, Math.min(height, at));
  });
  return (
    <>
      {error.value !== null && <ProblemNote problem={problemOf(error.value)} />}
      <figure class="chart" aria-label={label}>
        <div class="chart-canvas" ref={box} />
        {chart.value === null && error.value === null && <Loading what="Loading the chart" />}
        {chart.value !== null && stop !== null && stop.price.value !== null && (
          <StopHandle
            {...{ price, y, tick }}
            isMoved={stop.isMoved}
            mark={stop.mark}
            priceAt={(height) => chart.peek()?.priceAt(height) ?? null}
            onMove={stop.onMove}
            onUndo={stop.onUndo}
            onDone={stop.onDone}
          />
        )}
      </figure>
      <Told scene={scene} />
      <p class="chart-credit">
        TradingView Lightweight Charts™ Copyright © 2025{' '}
        <a href="https://www.tradingview.com/" target="_blank" rel="noreferrer">
          TradingView, Inc.
        </a>
      </p>
    </>
  );
}

/** What is drawn, as text: for those who do not see the canvas. */
function Told({ scene }: { readonly scene: ReadonlySignal<Scene> }) {
  const lines = useComputed(() => scene.value.lines);
  const markers = useComputed(() => scene.value.markers);
  return (
    <ul class="visually-hidden" aria-label="Drawn on the chart">
      {lines.value.map(({ id, title, price }) => (
        <li key={id}>
          {title} at {figureText(price)}
        </li>
      ))}
      {markers.value.map(({ time, text, price }) => (
        <li key={`${time} ${text}`}>
          {text} at {figureText(price)}
        </li>
      ))}
    </ul>
  );
}

/** The grip on the stop's line: dragged with a pointer, or moved with the arrow keys. It changes a draft; nothing is sent. */
import type { ReadonlySignal } from '@preact/signals';
import { useComputed } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { figureText, placesOf } from '../format/decimal-text.ts';
import { bigStep, nudged, ticksOfKey } from './draft.ts';
import { drawn } from './numbers.ts';

export interface StopHandleProps {
  /** Where the grip stands: the draft, else the stop. */
  readonly price: ReadonlySignal<string>;
  readonly isMoved: ReadonlySignal<boolean>;
  readonly tick: string;
  /** The market's price: how far the slider can go, for those who hear it. */
  readonly mark: ReadonlySignal<string | null>;
  /** In pixels from the top of the chart; null: out of sight. */
  readonly y: ReadonlySignal<number | null>;
  readonly priceAt: (y: number) => string | null;
  readonly onMove: (price: string) => void;
  readonly onUndo: () => void;
  /** Enter, or the pointer let go: the user wants to look at it. */
  readonly onDone: () => void;
}

export function StopHandle(props: StopHandleProps) {
  const { price, isMoved, tick, mark, y, priceAt, onMove, onUndo, onDone } = props;
  const element = useRef<HTMLDivElement>(null);
  const top = useComputed(() => (y.value === null ? 'display: none' : `top: ${y.value}px`));
  const text = useComputed(() => figureText(price.value, { least: placesOf(tick) }));

  const follow = (event: PointerEvent): void => {
    const grip = element.current;
    const box = grip?.parentElement?.getBoundingClientRect();
    if (grip === null || box === undefined || !grip.hasPointerCapture(event.pointerId)) return;
    const height = Math.max(0, Math.min(box.height, event.clientY - box.top));
    const next = priceAt(height);
    if (next !== null) onMove(next);
  };
  const press = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') onUndo();
    if (event.key === 'Enter') onDone();
    const ticks = ticksOfKey(event.key, bigStep(price.peek(), tick));
    if (ticks === 0) return;
    event.preventDefault();
    onMove(nudged(price.peek(), tick, ticks));
  };

  return (
    <div
      ref={element}
      class={`stop-handle${isMoved.value ? ' stop-handle-moved' : ''}`}
      style={top}
      role="slider"
      tabIndex={0}
      aria-orientation="vertical"
      aria-label="Stop loss"
      aria-valuemin={0}
      aria-valuemax={drawn(mark.value ?? price.value) * 2}
      aria-valuenow={drawn(price.value)}
      aria-valuetext={text.value}
      title="Drag to move the stop, or use the arrow keys (Page Up and Page Down: further); Enter shows what would be sent"
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.preventDefault();
        event.currentTarget.focus();
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={follow}
      onPointerUp={(event) => event.currentTarget.releasePointerCapture(event.pointerId)}
      onKeyDown={press}
    >
      <span aria-hidden="true">⇕</span> Stop {text}
    </div>
  );
}

/** A figure: exact decimal text in the user's locale, its digits below each other. */
import type { ReadonlySignal } from '@preact/signals';
import { useComputed } from '@preact/signals';
import { type FigureOptions, figureText, placesOf, toneOf } from '../format/decimal-text.ts';

type Text = string | null | undefined;

export interface FigureProps extends FigureOptions {
  readonly value: Text;
  /** Green above zero, red below, for gains and losses. The sign says it as well. */
  readonly toned?: boolean;
}

/** Rounded by `places` or `most` it has the exact figure as its title. */
export function Figure({ value, toned = false, ...options }: FigureProps) {
  const shown = figureText(value, options);
  const exact = exactTitle(value, options);
  return (
    <span class={`figure${toned ? ` tone-${toneOf(value)}` : ''}`} title={exact}>
      {shown}
    </span>
  );
}

export interface LiveFigureProps extends FigureOptions {
  readonly of: ReadonlySignal<Text>;
  readonly toned?: boolean;
}

/** Of a signal: only its text changes, nothing around it is drawn again. */
export function LiveFigure({ of, toned = false, ...options }: LiveFigureProps) {
  const shown = useComputed(() => figureText(of.value, options));
  const exact = useComputed(() => exactTitle(of.value, options));
  const tone = useComputed(() => `figure${toned ? ` tone-${toneOf(of.value)}` : ''}`);
  return (
    <span class={tone} title={exact}>
      {shown}
    </span>
  );
}

/** Only where the figure shown is rounded. */
function exactTitle(value: Text, { places, most, ...options }: FigureOptions): string | undefined {
  const finest = places ?? most;
  if (value === null || value === undefined || finest === undefined) return undefined;
  return placesOf(value) > finest ? figureText(value, options) : undefined;
}

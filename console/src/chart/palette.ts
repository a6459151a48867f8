/** The chart's colours: the page's own, as they are in the theme that is shown. */
import type { Palette } from './chart.ts';

export function paletteOf(element: HTMLElement): Palette {
  const styles = getComputedStyle(element);
  const value = (name: string): string => styles.getPropertyValue(name).trim();
  return {
    surface: value('--surface'),
    text: value('--text'),
    muted: value('--muted'),
    grid: value('--surface-2'),
    up: value('--up'),
    down: value('--down'),
    accent: value('--accent'),
    warn: value('--warn'),
    font: value('--font'),
  };
}

/** Light or dark: the system's choice until the user makes one, which the browser keeps. */
import { effect, signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';
const THEMES: readonly Theme[] = ['system', 'light', 'dark'];
const KEPT_AS = 'moniqo.theme';

const kept = localStorage.getItem(KEPT_AS);
export const theme = signal<Theme>(THEMES.find((one) => one === kept) ?? 'system');

/** What is shown, the system's choice resolved; charts take their colours by it. */
export const isDark = signal(false);
const system = matchMedia('(prefers-color-scheme: dark)');
const resolve = (): void => {
  isDark.value = theme.value === 'dark' || (theme.value === 'system' && system.matches);
};
system.addEventListener('change', resolve);

effect(() => {
  if (theme.value === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme.value;
  localStorage.setItem(KEPT_AS, theme.value);
  resolve();
});

/** System, light, dark, and round again. */
export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? 'system';
}

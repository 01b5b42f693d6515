/** Light or dark: the system's setting, or the user's choice. */
import { Store } from '../store';

export type Theme = 'system' | 'light' | 'dark';
export const THEMES: Theme[] = ['system', 'light', 'dark'];
const stored = localStorage.getItem('theme');

export const theme = new Store<Theme>(THEMES.find((name) => name === stored) ?? 'system');
apply();

export function setTheme(next: Theme): void {
  theme.state = next;
  localStorage.setItem('theme', next);
  apply();
}

export function nextTheme(): void {
  setTheme(THEMES[(THEMES.indexOf(theme.state) + 1) % THEMES.length] ?? 'system');
}

function apply(): void {
  document.documentElement.dataset['theme'] = theme.state;
  for (const meta of document.querySelectorAll<HTMLMetaElement>('meta[name=theme-color]')) {
    const scheme = meta.dataset['scheme'] ?? '';
    const system = `(prefers-color-scheme: ${scheme})`;
    meta.media = theme.state === 'system' ? system : theme.state === scheme ? 'all' : 'not all';
  }
}

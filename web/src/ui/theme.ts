/** Light or dark: the system's setting, or the user's choice. */
import { Store } from '../store';

export type Theme = 'system' | 'light' | 'dark';
const ALL: Theme[] = ['system', 'light', 'dark'];
const stored = localStorage.getItem('theme');

export const theme = new Store<Theme>(ALL.find((name) => name === stored) ?? 'system');
apply();

export function nextTheme(): void {
  theme.state = ALL[(ALL.indexOf(theme.state) + 1) % ALL.length] ?? 'system';
  localStorage.setItem('theme', theme.state);
  apply();
}

function apply(): void {
  document.documentElement.dataset['theme'] = theme.state;
  for (const meta of document.querySelectorAll<HTMLMetaElement>('meta[name=theme-color]')) {
    const scheme = meta.dataset['scheme'] ?? '';
    const system = `(prefers-color-scheme: ${scheme})`;
    meta.media = theme.state === 'system' ? system : theme.state === scheme ? 'all' : 'not all';
  }
}

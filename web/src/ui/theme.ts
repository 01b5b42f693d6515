/** Light or dark: the system's setting, or the user's choice, which all tabs follow. */
import { Store } from '../store';

export type Theme = 'system' | 'light' | 'dark';
export const THEMES: Theme[] = ['system', 'light', 'dark'];
const KEY = 'theme';

export const theme = new Store<Theme>(stored());
apply();
addEventListener('storage', ({ key }) => {
  if (key === KEY) show(stored());
});

export function setTheme(chosen: Theme): void {
  localStorage.setItem(KEY, chosen);
  show(chosen);
}

function stored(): Theme {
  return THEMES.find((name) => name === localStorage.getItem(KEY)) ?? 'system';
}

function show(chosen: Theme): void {
  theme.state = chosen;
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

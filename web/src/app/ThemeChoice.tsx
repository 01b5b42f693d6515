/** The choice between the themes, and its commands. */
import { capitalised } from '../contract/service';
import { useStore } from '../store';
import { useCommands } from '../ui/commands';
import { setTheme, theme, THEMES } from '../ui/theme';
import './ThemeChoice.css';

export function ThemeChoice() {
  const chosen = useStore(theme);
  useCommands(() =>
    THEMES.map((name) => ({
      id: `theme-${name}`,
      label: `Theme: ${name}`,
      icon: 'theme' as const,
      enabled: theme.state !== name,
      run: () => setTheme(name),
    })),
  );
  return (
    <fieldset class="themes">
      <legend>Theme</legend>
      {THEMES.map((name) => (
        <label key={name}>
          <input type="radio" name="theme" checked={chosen === name} onChange={() => setTheme(name)} />
          {capitalised(name)}
        </label>
      ))}
    </fieldset>
  );
}

/** The choice between the themes. */
import { capitalised } from '../contract/service';
import { useStore } from '../store';
import { setTheme, theme, THEMES } from '../ui/theme';
import './ThemeChoice.css';

export function ThemeChoice() {
  const chosen = useStore(theme);
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

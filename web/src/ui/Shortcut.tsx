/** The keys of a command, as they are printed on a keyboard. Beside a button, screen readers get them from `aria-keyshortcuts`. */
import { shownKeys } from './keys';

export function Shortcut({ keys, spoken = false }: { keys: string; spoken?: boolean }) {
  return (
    <span class="shortcut" aria-hidden={!spoken}>
      {shownKeys(keys).map((key) => (
        <kbd key={key}>{key}</kbd>
      ))}
    </span>
  );
}

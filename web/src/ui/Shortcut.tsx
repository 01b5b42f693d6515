/** The keys of a command, as they are printed on a keyboard. Screen readers get them from `aria-keyshortcuts`. */
import { shownKeys } from './keys';

export function Shortcut({ keys }: { keys: string }) {
  return (
    <span class="shortcut" aria-hidden="true">
      {shownKeys(keys).map((key) => (
        <kbd key={key}>{key}</kbd>
      ))}
    </span>
  );
}

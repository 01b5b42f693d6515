/** Keys of commands, such as `mod+enter`: compared with a key press, and as text for people. Knows no command. */

const NAMES: Record<string, string> = {
  enter: 'Enter',
  escape: 'Esc',
  up: '↑',
  down: '↓',
  space: 'Space',
  backspace: 'Backspace',
  delete: 'Del',
};
const EVENTS: Record<string, string> = { up: 'arrowup', down: 'arrowdown', space: ' ' };

type Press = Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'> & {
  getModifierState?: (name: string) => boolean;
};

function isMac(): boolean {
  return /Macintosh|iPhone|iPad/.test(navigator.userAgent);
}

function partsOf(keys: string): { key: string; modifiers: string[] } {
  const parts = keys.split('+');
  return { key: parts.at(-1) ?? '', modifiers: parts.slice(0, -1) };
}

/** Whether a key press is these keys. */
export function matches(press: Press, keys: string, mac = isMac()): boolean {
  const { key, modifiers } = partsOf(keys);
  const alone = !press.getModifierState?.('AltGraph'); // which some layouts need for a character
  const mod = mac ? press.metaKey : press.ctrlKey;
  const foreign = mac ? press.ctrlKey : press.metaKey;
  if (alone && (mod !== modifiers.includes('mod') || press.altKey !== modifiers.includes('alt') || foreign))
    return false;
  const letter = key.length > 1 || /[a-z]/.test(key);
  // Other characters are on other keys in other layouts: `?` and `/` may need Shift.
  if (letter && press.shiftKey !== modifiers.includes('shift')) return false;
  return pressed(press) === (EVENTS[key] ?? key);
}

/** Return the key in lower case; on a layout without Latin letters, the letter at the same place of one that has them. */
function pressed({ key, code }: Press): string {
  const place = /^Key([A-Z])$/.exec(code)?.[1];
  return (place && key.length === 1 && key > '\u024f' ? place : key).toLowerCase();
}

/** Whether these keys are one character, which may be said by accident by people who speak to their computer (WCAG 2.1.4). */
export function isCharacter(keys: string): boolean {
  const { key, modifiers } = partsOf(keys);
  return key.length === 1 && !modifiers.includes('mod') && !modifiers.includes('alt');
}

/** Whether a field uses these keys itself: all but Esc, function keys and those with Ctrl or Alt. */
export function isTyped(keys: string): boolean {
  const { key, modifiers } = partsOf(keys);
  const special =
    key === 'escape' || /^f\d+$/.test(key) || modifiers.includes('mod') || modifiers.includes('alt');
  return !special;
}

/** Return the keys one by one, as they are printed on a keyboard: `Ctrl`, `K`. */
export function shownKeys(keys: string, mac = isMac()): string[] {
  const { key, modifiers } = partsOf(keys);
  const signs: Record<string, string> = mac
    ? { mod: '⌘', alt: '⌥', shift: '⇧' }
    : { mod: 'Ctrl', alt: 'Alt', shift: 'Shift' };
  return [...modifiers.map((name) => signs[name] ?? name), NAMES[key] ?? key.toUpperCase()];
}

/** Return the keys for `aria-keyshortcuts`: https://w3c.github.io/aria/#aria-keyshortcuts */
export function ariaKeys(keys: string, mac = isMac()): string {
  const { key, modifiers } = partsOf(keys);
  const names: Record<string, string> = { mod: mac ? 'Meta' : 'Control', alt: 'Alt', shift: 'Shift' };
  const name = { escape: 'Escape', up: 'ArrowUp', down: 'ArrowDown', space: 'Space' }[key];
  return [
    ...modifiers.map((one) => names[one] ?? one),
    name ?? key.charAt(0).toUpperCase() + key.slice(1),
  ].join('+');
}

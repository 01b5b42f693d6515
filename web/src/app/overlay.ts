/** Whether the palette or the list of shortcuts is open, and with which commands: those that could be run before it opened. */
import { Store } from '../store';
import { available, type Command, known } from '../ui/commands';

export type Overlay = { shown: 'palette' | 'shortcuts'; commands: Command[] } | null;

export const overlay = new Store<Overlay>(null);

export function openPalette(): void {
  overlay.state = { shown: 'palette', commands: available().filter(({ hidden }) => !hidden) };
}

export function openShortcuts(): void {
  overlay.state = { shown: 'shortcuts', commands: known().filter(({ keys }) => keys !== undefined) };
}

export function closeOverlay(): void {
  overlay.state = null;
}

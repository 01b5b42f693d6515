/** Whether the palette or the list of shortcuts is open, and with which commands: those that could be run before it opened. */
import { Store } from '../store';
import { available, type Command, known } from '../ui/commands';

/** What was typed before the palette was loaded, and whether Enter was pressed after it. */
export interface Early {
  text: string;
  enter: boolean;
}

export type Overlay = { shown: 'palette' | 'shortcuts'; commands: Command[]; early: Early } | null;

export const overlay = new Store<Overlay>(null);

export function openPalette(): void {
  overlay.state = { shown: 'palette', commands: available().filter(({ hidden }) => !hidden), early: none() };
}

export function openShortcuts(): void {
  overlay.state = {
    shown: 'shortcuts',
    commands: known().filter(({ keys }) => keys !== undefined),
    early: none(),
  };
}

export function closeOverlay(): void {
  overlay.state = null;
}

/** Keep a key press for what is being opened. */
export function catchEarly(event: KeyboardEvent): void {
  const early = overlay.state?.early;
  if (!early || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === 'Escape') closeOverlay();
  else if (event.key === 'Enter') early.enter = true;
  else if (event.key.length === 1 && !early.enter) early.text += event.key;
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function none(): Early {
  return { text: '', enter: false };
}

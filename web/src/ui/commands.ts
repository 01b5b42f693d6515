/**
 * What can be done by keyboard: views register their commands while they are mounted, one listener runs them, and the palette
 * and the list of shortcuts show them. Knows no view and no command.
 */
import type { RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { Store } from '../store';
import type { IconName } from './parts';
import { isCharacter, isTyped, matches } from './keys';

export interface Command {
  /** Unique, such as `list.new`. */
  id: string;
  /** What it does, as a button would say it: `New order`. */
  label: string;
  /** Such as `j`, `?`, `mod+enter`, `shift+j`, `escape`; `mod` is Ctrl, on a Mac ⌘. A list means any of them; the first is shown. */
  keys?: string | string[];
  run: () => void;
  /** The heading in the list of shortcuts. */
  group?: string;
  icon?: IconName;
  /** Not in the palette, for example because it moves the focus. */
  hidden?: boolean;
  /** False: neither its keys nor the palette run it now. */
  enabled?: boolean;
  /** Whether it works while a modal dialog that has commands of its own is open. */
  anywhere?: boolean;
  /** Whether holding the key down runs it again and again. */
  repeat?: boolean;
}

interface Registered {
  commands: () => Command[];
  /** The element that the commands belong to; null outside any dialog. */
  scope: () => Element | null;
}

const registered: Registered[] = [];
const OFF = 'shortcuts-off';

/** Whether single keys run commands: people who speak to their computer can turn them off (WCAG 2.1.4). */
export const singleKeys = new Store(localStorage.getItem(OFF) === null);

export function setSingleKeys(on: boolean): void {
  if (on) localStorage.removeItem(OFF);
  else localStorage.setItem(OFF, 'true');
  singleKeys.state = on;
}

/**
 * Register commands while the component is mounted; a function is called whenever they are needed. Of two with the same keys, the
 * one that was registered last runs.
 *
 * Commands of a modal dialog need its element, or one inside it, as `scope`; without, they are off while one is open.
 */
export function useCommands(
  commands: Command[] | (() => Command[]),
  scope?: RefObject<Element | null>,
): void {
  const latest = useRef(commands);
  latest.current = commands;
  useLayoutEffect(
    () =>
      register(
        () => (typeof latest.current === 'function' ? latest.current() : latest.current),
        () => scope?.current ?? null,
      ),
    [scope],
  );
}

/** Register commands. Return a function that removes them. */
export function register(commands: () => Command[], scope: () => Element | null = () => null): () => void {
  const mine: Registered = { commands, scope };
  registered.push(mine);
  if (registered.length === 1) addEventListener('keydown', onKey);
  return () => {
    registered.splice(registered.indexOf(mine), 1);
    if (!registered.length) removeEventListener('keydown', onKey);
  };
}

/** Return the commands of what is shown, whether they can be run now or not, the latest first; with the same id, the latest only. */
export function known(): Command[] {
  const dialog = modal();
  const own = registered.filter(({ scope }) => !dialog || (dialog.contains(scope()) && scope()));
  // A dialog without commands, such as a question, is to be answered first.
  const others = dialog && own.length ? registered.filter((one) => !own.includes(one)) : [];
  const all = [
    ...[...own].reverse().flatMap(({ commands }) => commands()),
    ...[...others].reverse().flatMap(({ commands }) => commands().filter(({ anywhere }) => anywhere)),
  ];
  return all.filter(({ id }, index) => all.findIndex((other) => other.id === id) === index);
}

/** Return the commands that can be run now. */
export function available(): Command[] {
  return known().filter(({ enabled }) => enabled !== false);
}

/** Return the keys of a command as a list. */
export function keysOf({ keys = [] }: Command): string[] {
  return typeof keys === 'string' ? [keys] : keys;
}

/** Run what a key press stands for, unless a field or a control of the browser takes it. */
function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  const command = available().find((one) =>
    keysOf(one).some((keys) => matches(event, keys) && (singleKeys.state || !isCharacter(keys))),
  );
  if (!command || (event.repeat && !command.repeat)) return;
  if (isTaken(event, keysOf(command).find((keys) => matches(event, keys)) ?? '')) return;
  event.preventDefault();
  command.run();
}

const FIELDS = 'textarea, select, [contenteditable=""], [contenteditable=true]';
const BUTTONS = ['button', 'checkbox', 'color', 'file', 'image', 'reset', 'submit'];
const PRESSED = 'button, input, a, summary, [role=button], [role^=menuitem], [role=option]';

/** Whether the focused element, or what is open above the page, has its own use for a key. */
function isTaken({ target }: KeyboardEvent, keys: string): boolean {
  const element = target instanceof Element ? target : null;
  const input = element instanceof HTMLInputElement && !BUTTONS.includes(element.type) ? element : null;
  if (keys === 'enter' || keys === 'space') return !!element?.closest(`${PRESSED}, ${FIELDS}`);
  if (isTyped(keys)) return !!input || !!element?.closest(FIELDS);
  if (keys !== 'escape') return false;
  const clears = input?.type === 'search' && input.value !== '';
  return clears || document.querySelector('[popover]:not([popover=manual]):popover-open') !== null;
}

/** Return the modal dialog that has the focus, else the last one of the page. */
function modal(): Element | null {
  const open = [...document.querySelectorAll('dialog:modal')];
  return open.findLast((one) => one.contains(document.activeElement)) ?? open.at(-1) ?? null;
}

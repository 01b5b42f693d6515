/** What can be undone, the latest first: each has a notice with a button, and `z` undoes the latest. Knows nothing of what is undone. */
import type { ComponentChild } from 'preact';
import { dismiss, toast } from './toasts';

interface Undo {
  notice: number;
  run: () => void;
}

const MOST = 20;
let stack: Undo[] = [];

/** Show a notice with the button "Undo", and let `z` do the same, also after the notice is gone. */
export function offerUndo(text: ComponentChild, run: () => void): void {
  const mine: Undo = { notice: toast(text, { label: 'Undo', keys: 'z', run: () => take(mine) }), run };
  stack = [...stack.slice(1 - MOST), mine];
}

/** Forget what could be undone, for example because another user is signed in. */
export function forgetUndo(): void {
  for (const { notice } of stack) dismiss(notice);
  stack = [];
}

export function canUndo(): boolean {
  return stack.length > 0;
}

/** Undo the latest, if there is something to undo. */
export function undoLast(): void {
  const last = stack.at(-1);
  if (last) take(last);
}

function take(one: Undo): void {
  stack = stack.filter((other) => other !== one);
  dismiss(one.notice);
  one.run();
}

/** What can be undone, the latest first: each has a notice with a button, and `z` undoes the latest. Knows nothing of what is undone. */
import type { ComponentChild } from 'preact';
import { dismiss, toast } from './toasts';

interface Undo {
  notice: number;
  run: () => void;
}

const MOST = 20;
let stack: Undo[] = [];
/** Changes under way, which will offer an undo when they are done. */
let pending = 0;
/** How many of the next offers are to be taken at once, because somebody asked for it while the changes were under way. */
let wanted = 0;

/** Show a notice with the button "Undo", and let `z` do the same, also after the notice is gone. */
export function offerUndo(text: ComponentChild, run: () => void): void {
  const mine: Undo = { notice: toast(text, { label: 'Undo', keys: 'z', run: () => take(mine) }), run };
  stack = [...stack.slice(1 - MOST), mine];
  if (!wanted) return;
  wanted -= 1;
  take(mine);
}

/** Do work that may end with `offerUndo`. To undo while it is under way undoes this work, and not the one before it. */
export async function undoable<Result>(work: Promise<Result>): Promise<Result> {
  pending += 1;
  try {
    return await work;
  } finally {
    pending -= 1;
    if (!pending) wanted = 0;
  }
}

/** Forget what could be undone, for example because another user is signed in. */
export function forgetUndo(): void {
  for (const { notice } of stack) dismiss(notice);
  stack = [];
  wanted = 0;
}

export function canUndo(): boolean {
  return pending > 0 || stack.length > 0;
}

/** Undo the latest, if there is something to undo. */
export function undoLast(): void {
  const last = stack.at(-1);
  if (pending) wanted += 1;
  else if (last) take(last);
}

function take(one: Undo): void {
  stack = stack.filter((other) => other !== one);
  dismiss(one.notice);
  one.run();
}

/** How far each history entry of the tab was scrolled, through Back, Forward and reload. Knows no page and no route. */
import { useLayoutEffect } from 'preact/hooks';

interface Place {
  top: number;
  /** How many rows there were, so that a list can load as many before it scrolls. */
  rows: number;
}

const KEY = 'scroll';
const STEERING = ['wheel', 'touchmove', 'keydown', 'pointerdown'];
let rows = 0;
let wanted: Place | null = null;

/** Say how many rows the page has now; 0 on a page without rows. */
export function countRows(count: number): void {
  rows = count;
}

/** Keep the place of the history entry with this index, and forget those after it if they are gone. */
export function keepPlace(index: number): void {
  sessionStorage.setItem(KEY, JSON.stringify({ ...read(), [index]: { top: Math.round(scrollY), rows } }));
}

export function dropPlacesFrom(index: number): void {
  const kept = Object.entries(read()).filter(([other]) => Number(other) < index);
  sessionStorage.setItem(KEY, JSON.stringify(Object.fromEntries(kept)));
}

/** Prepare to scroll to the kept place, once there is something to scroll. The user's own scrolling takes precedence. */
export function seekPlace(index: number): void {
  wanted = read()[index] ?? null;
  for (const name of STEERING) addEventListener(name, forget, { once: true, passive: true });
}

/** Return the place that the page shall be scrolled to. */
export function wantedPlace(): Place | null {
  return wanted;
}

/** Scroll to the kept place, if there is one, as soon as the page is `ready`: as high as it was. */
export function useKeptPlace(ready: boolean): void {
  useLayoutEffect(() => {
    if (!ready || !wanted) return;
    scrollTo(0, wanted.top);
    forget();
  }, [ready]);
}

function forget(): void {
  wanted = null;
  for (const name of STEERING) removeEventListener(name, forget);
}

function read(): Record<string, Place> {
  return JSON.parse(sessionStorage.getItem(KEY) ?? '{}') as Record<string, Place>;
}

/** Which rows of a table are rendered: all of a short one and of one that is printed, else those near the visible part of the page. */
import type { RefObject } from 'preact';
import { flushSync } from 'preact/compat';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Windowing } from './windowing';

const SHORT = 60;

/**
 * Return the indices of the rows to render, in order.
 *
 * `body` contains the rows, which have one height. `kept` is the index of a row to render wherever it is, because it has the
 * focus; or -1. A change of `look` may change the height of a row.
 */
export function useRange(
  count: number,
  body: RefObject<HTMLElement | null>,
  kept: number,
  look: string,
  printed: boolean,
): number[] {
  const place = usePlace(body, `${look} ${count > 0}`);
  const windowing = useWindowing(count > SHORT);
  if (count <= SHORT || printed || windowing === 'failed') return upTo(count);
  if (!windowing || !place.size) return upTo(SHORT);
  const near = windowing.indices(count, place.size, place.top);
  return kept < 0 || kept >= count || near.includes(kept) ? near : [...near, kept].sort((a, b) => a - b);
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** Return how far the rows are from the top of the document and the height of one, both in pixels. */
function usePlace(body: RefObject<HTMLElement | null>, look: string): { top: number; size: number } {
  const [place, setPlace] = useState({ top: 0, size: 0 });
  const measure = () => {
    const element = body.current;
    if (!element) return;
    const top = Math.round(element.getBoundingClientRect().top + scrollY);
    const size = element.querySelector('tr')?.getBoundingClientRect().height ?? 0;
    setPlace((before) => (before.top === top && before.size === size ? before : { top, size }));
  };
  useLayoutEffect(measure, [look]);
  useEffect(() => {
    const observer = new ResizeObserver(measure); // what is above the table may become higher too
    observer.observe(document.body);
    return () => observer.disconnect();
  }, []);
  return place;
}

/** Return what finds the near rows, once it is loaded; `failed` if it could not be loaded, so that all rows are rendered. */
function useWindowing(wanted: boolean): Windowing | 'failed' | null {
  const [, render] = useState({});
  const [windowing, setWindowing] = useState<Windowing | 'failed' | null>(null);
  const asked = useRef(false);
  const end = useRef<(() => void) | null>(null);
  const gone = useRef(false);
  useEffect(() => {
    if (!wanted || asked.current) return;
    asked.current = true;
    import('./windowing').then(
      (module) => {
        if (gone.current) return;
        const made = new module.Windowing(() => render({}));
        end.current = made.start(); // before it is used: it has to know the size of the window
        setWindowing(made);
      },
      () => setWindowing('failed'),
    );
  }, [wanted]);
  useEffect(
    () => () => {
      gone.current = true;
      end.current?.();
    },
    [],
  );
  return windowing;
}

/** Return whether the page is being printed. The rows must be there before the event handler returns. */
export function usePrinted(): boolean {
  const [printed, setPrinted] = useState(false);
  useEffect(() => {
    const set = (on: boolean) => () => flushSync(() => setPrinted(on));
    const [before, after] = [set(true), set(false)];
    addEventListener('beforeprint', before);
    addEventListener('afterprint', after);
    return () => {
      removeEventListener('beforeprint', before);
      removeEventListener('afterprint', after);
    };
  }, []);
  return printed;
}

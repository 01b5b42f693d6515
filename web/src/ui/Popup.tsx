/** A small window beside the button that opened it: a menu, or more of what does not fit. Knows nothing of its content. */
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import './Popup.css';

interface Props {
  /** What it opens beside, which gets the focus back. */
  anchor: HTMLElement;
  label: string;
  role: 'menu' | 'dialog';
  onClose: () => void;
  children: ComponentChildren;
}

const GAP = 4; // pixels between the button and its window, and to the edge of the page

/** Arrow keys move between its buttons; Escape, a click elsewhere and scrolling close it. */
export function Popup({ anchor, label, role, onClose, children }: Props) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    element.showPopover();
    place(element, anchor);
    parts(element)[0]?.focus({ preventScroll: true });
    const from = scrollY;
    const scrolled = () => {
      if (Math.abs(scrollY - from) > GAP) onClose();
    };
    addEventListener('scroll', scrolled, { passive: true });
    return () => {
      removeEventListener('scroll', scrolled);
      if (element.contains(document.activeElement)) anchor.focus({ preventScroll: true });
    };
  }, []);
  return (
    <div
      ref={box}
      popover="auto"
      class="popup"
      role={role}
      aria-label={label}
      onToggle={(event) => event.newState === 'closed' && onClose()}
      onKeyDown={(event) => onKey(event, box.current, onClose)}
    >
      {children}
    </div>
  );
}

function parts(element: Element): HTMLElement[] {
  return [...element.querySelectorAll<HTMLElement>('a, button, input')];
}

function place(element: HTMLElement, anchor: HTMLElement): void {
  const at = anchor.getBoundingClientRect();
  const { width, height } = element.getBoundingClientRect();
  const below = at.bottom + GAP + height <= innerHeight;
  const right = document.documentElement.clientWidth - GAP;
  element.style.left = `${Math.max(GAP, Math.min(at.right - width, right - width))}px`;
  element.style.top = `${below ? at.bottom + GAP : Math.max(GAP, at.top - GAP - height)}px`;
}

function onKey(event: KeyboardEvent, box: HTMLElement | null, close: () => void): void {
  const all = box ? parts(box) : [];
  const at = all.indexOf(document.activeElement as HTMLElement);
  const next = {
    ArrowDown: (at + 1) % all.length,
    ArrowUp: at > 0 ? at - 1 : all.length - 1,
    Home: 0,
    End: all.length - 1,
  }[event.key];
  if (next !== undefined) all[next]?.focus();
  else if (event.key === 'Tab') close();
  else if (event.key.length > 1 || event.ctrlKey || event.metaKey || event.key === ' ') return;
  event.preventDefault(); // a letter is no command while the window is open
}

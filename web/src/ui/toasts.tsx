/** Notices in a corner, shown for a while, each with an optional action. Knows not what an action does. */
import type { ComponentChild } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { ariaKeys } from './keys';
import { Icon } from './parts';
import { Shortcut } from './Shortcut';
import { Store, useStore } from '../store';
import './toasts.css';

interface Action {
  label: string;
  run: () => void;
  /** A key that runs the action of the latest notice with this key. */
  keys?: string;
}
interface Toast {
  id: number;
  text: ComponentChild;
  action?: Action | undefined;
}

const SECONDS = 12;
const MOST = 3;
const toasts = new Store<Toast[]>([]);
let last = 0;

/** Show a notice. Return its number. */
export function toast(text: ComponentChild, action?: Action): number {
  last += 1;
  toasts.state = [...toasts.state.slice(1 - MOST), { id: last, text, action }];
  return last;
}

/** Remove a notice before its time. */
export function dismiss(id: number): void {
  toasts.state = toasts.state.filter((other) => other.id !== id);
}

/** Move the focus to the button of the latest notice. */
export function focusNotice(): void {
  const notice = [...document.querySelectorAll('.toast')].at(-1);
  notice?.querySelector<HTMLElement>('button')?.focus();
}

export function Toasts() {
  const all = useStore(toasts);
  const before = useRef<EventTarget | null>(null);
  const region = useRef<HTMLDivElement>(null);
  const enter = ({ relatedTarget }: FocusEvent) => {
    const outside = relatedTarget instanceof Node && !region.current?.contains(relatedTarget);
    if (outside) before.current = relatedTarget;
  };
  /** Give the focus back when the notice that has it goes away. */
  const leave = (notice: Element | null) => {
    if (!notice?.contains(document.activeElement)) return;
    const back = before.current instanceof HTMLElement && before.current.isConnected ? before.current : null;
    (back ?? document.getElementById('main'))?.focus();
  };
  const latest = (keys?: string) => all.findLast(({ action }) => action?.keys === keys)?.id;
  return (
    <div ref={region} class="toasts" role="status" aria-label="Notices" onFocusIn={enter}>
      {all.map((entry) => (
        <One
          key={entry.id}
          {...entry}
          keys={latest(entry.action?.keys) === entry.id ? entry.action?.keys : undefined}
          onLeave={leave}
        />
      ))}
    </div>
  );
}

interface OneProps extends Toast {
  /** The key that runs its action now. */
  keys: string | undefined;
  onLeave: (notice: Element | null) => void;
}

/** A notice stays while the pointer or the focus is on it (WCAG 2.2.1), and while the page is hidden or covered by a dialog. */
function One({ id, text, action, keys, onLeave }: OneProps) {
  const element = useRef<HTMLDivElement>(null);
  const close = () => {
    onLeave(element.current);
    dismiss(id);
  };
  useEffect(() => {
    let left = SECONDS;
    const timer = setInterval(() => {
      const used =
        element.current?.matches(':hover, :focus-within') ||
        document.hidden ||
        document.querySelector('dialog:modal');
      if (!used) left -= 1;
      if (left <= 0) close();
    }, 1000);
    return () => clearInterval(timer);
  }, []);
  return (
    <div ref={element} class="toast">
      <span>
        {text}
        {keys && <span class="hidden"> Press {keys.toUpperCase()} to undo.</span>}
      </span>
      <div>
        {action && (
          <button
            type="button"
            class="small"
            aria-keyshortcuts={keys && ariaKeys(keys)}
            onClick={() => {
              close();
              action.run();
            }}
          >
            {action.label}
            {keys && <Shortcut keys={keys} />}
          </button>
        )}
        <button type="button" class="quiet square small" aria-label="Dismiss" onClick={close}>
          <Icon name="close" />
        </button>
      </div>
    </div>
  );
}

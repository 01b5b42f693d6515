/** Notices in a corner, shown for a while, each with an optional action. */
import type { ComponentChild } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Icon } from './parts';
import { Store, useStore } from '../store';
import './toasts.css';

interface Toast {
  id: number;
  text: ComponentChild;
  action?: { label: string; run: () => void } | undefined;
}

const SECONDS = 12;
const toasts = new Store<Toast[]>([]);
let last = 0;

export function toast(text: ComponentChild, action?: Toast['action']): void {
  last += 1;
  toasts.state = [...toasts.state.slice(-2), { id: last, text, action }];
}

export function Toasts() {
  const all = useStore(toasts);
  return (
    <div class="toasts" role="status" aria-label="Notices">
      {all.map((entry) => (
        <One key={entry.id} {...entry} />
      ))}
    </div>
  );
}

/** A notice stays while the pointer or the focus is on it (WCAG 2.2.1), and while the page is hidden or covered by a dialog. */
function One({ id, text, action }: Toast) {
  const element = useRef<HTMLDivElement>(null);
  const close = () => {
    toasts.state = toasts.state.filter((other) => other.id !== id);
  };
  useEffect(() => {
    let left = SECONDS;
    const timer = setInterval(() => {
      const used =
        element.current?.matches(':hover, :focus-within') ||
        document.hidden ||
        document.querySelector('dialog[open]');
      if (!used) left -= 1;
      if (left <= 0) close();
    }, 1000);
    return () => clearInterval(timer);
  }, []);
  return (
    <div ref={element} class="toast">
      <span>{text}</span>
      <div>
        {action && (
          <button
            type="button"
            class="small"
            onClick={() => {
              close();
              action.run();
            }}
          >
            {action.label}
          </button>
        )}
        <button type="button" class="quiet square small" aria-label="Dismiss" onClick={close}>
          <Icon name="close" />
        </button>
      </div>
    </div>
  );
}

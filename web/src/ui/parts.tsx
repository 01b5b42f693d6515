/** Small components that several views share: dialog, icons, times, copy button, the bar that reports a wait. */
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { messageOf } from '../api/problem';
import { waits } from '../api/retry';
import { service } from '../contract/service';
import { useStore } from '../store';
import { local, utc } from './time';
import './parts.css';

const PATHS = {
  back: 'M16 10H4M9 5l-5 5 5 5',
  columns: 'M3 4h14v12H3zM8 4v12M12 4v12',
  down: 'M10 4v12M5 11l5 5 5-5',
  up: 'M10 16V4M5 9l5-5 5 5',
  more: 'M4 10a.5.5 0 1 0 1 0a.5.5 0 1 0-1 0M9.5 10a.5.5 0 1 0 1 0a.5.5 0 1 0-1 0M15 10a.5.5 0 1 0 1 0a.5.5 0 1 0-1 0',
  open: 'M11 4h5v5M16 4l-8 8M13 12v4H4V7h4',
  close: 'M5 5l10 10M15 5L5 15',
  filter: 'M3 5h14M6 10h8M9 15h2',
  copy: 'M7 7V4h9v9h-3M4 7h9v9H4z',
  download: 'M10 3v9M6 8l4 4 4-4M4 16h12',
  link: 'M8 12l4-4M9 6l2-2a3.5 3.5 0 0 1 5 5l-2 2M11 14l-2 2a3.5 3.5 0 0 1-5-5l2-2',
  next: 'M5 8l5 5 5-5',
  pencil: 'M4 16l.8-3.2L13 4.6l2.4 2.4-8.2 8.2zM11.5 6.1l2.4 2.4',
  print: 'M6 8V3h8v5M6 14H4V8h12v6h-2M6 12h8v5H6z',
  plus: 'M10 4v12M4 10h12',
  previous: 'M5 12l5-5 5 5',
  restore: 'M4 10a6 6 0 1 0 1.8-4.2M4 3v4h4',
  refresh: 'M16 10a6 6 0 1 1-1.8-4.2M16 3v4h-4',
  search: 'M9 4a5 5 0 1 1 0 10A5 5 0 0 1 9 4zM13 13l4 4',
  theme: 'M10 3a7 7 0 1 0 0 14zM10 3a7 7 0 0 1 0 14',
  trash: 'M4 6h12M8 6V4h4v2M6 6l1 10h6l1-10',
  upload: 'M10 12V3M6 7l4-4 4 4M4 16h12',
  user: 'M10 4a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM4 17c0-3 3-5 6-5s6 2 6 5',
  code: 'M7 6l-4 4 4 4M13 6l4 4-4 4',
};

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

export function Time({ at }: { at: string }) {
  const [date, time] = local(at);
  return (
    <time dateTime={at} title={utc(at)}>
      <span>{date}</span> <span>{time}</span>
    </time>
  );
}

/** A user's text in a sentence: right-to-left text, and control characters for it, take effect within the quotes only. */
export function Quoted({ text }: { text: string }) {
  return (
    <>
      “<bdi>{text}</bdi>”
    </>
  );
}

/** Set the page's title while the component is mounted. */
export function useTitle(title: string): void {
  useEffect(() => {
    const before = document.title;
    document.title = `${title} · ${service.title}`;
    return () => {
      document.title = before;
    };
  }, [title]);
}

export function Copy({ text, what }: { text: string; what: string }) {
  const [result, setResult] = useState('');
  const copy = async () => {
    const refused = () => 'Copying is blocked in this browser';
    setResult(await navigator.clipboard.writeText(text).then(() => 'Copied', refused));
    setTimeout(() => setResult(''), 2000);
  };
  return (
    <button type="button" class="quiet small" onClick={() => void copy()}>
      <Icon name="copy" />
      <span aria-live="polite">{result || `Copy ${what}`}</span>
    </button>
  );
}

interface DialogProps {
  title: ComponentChildren;
  kind: 'drawer' | 'box' | 'box wide' | 'box palette';
  /** Buttons beside the title. */
  actions?: ComponentChildren;
  /** Return what takes the focus when it is closed; null for what had it before. */
  back?: () => HTMLElement | null;
  onClose: () => void;
  children: ComponentChildren;
}

/** A modal dialog: the browser keeps the focus inside and closes it on Escape; closing it restores the focus. */
export function Dialog({ title, kind, actions, back: next, onClose, children }: DialogProps) {
  const name = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const returns = useRef(next);
  returns.current = next;
  useLayoutEffect(() => {
    const back = document.activeElement;
    const element = dialog.current;
    element?.showModal();
    // Those inside it opened first, because effects run from the inside out, and would be behind it.
    for (const inner of element?.querySelectorAll<HTMLDialogElement>('dialog[open]') ?? []) {
      inner.close();
      inner.showModal();
    }
    return () => {
      const to = returns.current?.();
      element?.close();
      const after = document.activeElement;
      // Later, because the element that opened it may be removed too: the row of what was deleted.
      setTimeout(() => {
        const now = document.activeElement;
        if (now !== after && now !== document.body) return; // a key that was pressed meanwhile has opened something
        const present = back instanceof HTMLElement && back !== document.body && back.isConnected;
        (to?.isConnected ? to : present ? back : document.getElementById('main'))?.focus();
      });
    };
  }, []);
  const cancel = (event: Event) => {
    event.preventDefault();
    onClose();
  };
  return (
    <dialog ref={dialog} class={kind} onCancel={cancel} aria-labelledby={name}>
      <header>
        <h2 id={name} tabIndex={-1}>
          <bdi>{title}</bdi>
        </h2>
        {actions}
        <button type="button" class="quiet square small" aria-label="Close" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <WaitBar />
      {children}
    </dialog>
  );
}

/** Shows that calls wait for their next attempt, why, and for how long. */
export function WaitBar() {
  const all = useStore(waits);
  const [, tick] = useState(0);
  const first = all[0];
  useEffect(() => {
    if (!first) return;
    const timer = setInterval(() => tick((count) => count + 1), 500);
    return () => clearInterval(timer);
  }, [first]);
  const seconds = first ? Math.max(0, Math.ceil((first.until - Date.now()) / 1000)) : 0;
  return (
    <div class="wait" hidden={!first}>
      <p>
        <span role="status">{first && messageOf(first.reason)}</span>
        {first && <span aria-hidden="true"> Retrying in {seconds} s.</span>}
      </p>
      {first && (
        <div class="actions">
          <button type="button" class="small" onClick={() => all.forEach((wait) => wait.tryNow())}>
            Try now
          </button>
          <button type="button" class="quiet small" onClick={() => all.forEach((wait) => wait.stop())}>
            Stop
          </button>
        </div>
      )}
    </div>
  );
}

/** Where an open resource is shown: beside the list where there is room, else as a dialog above it. Knows no resource. */
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Dialog, Icon } from '../ui/parts';
import './Panel.css';

interface Props {
  title: ComponentChildren;
  /** Buttons beside the title. */
  actions: ComponentChildren;
  /** Return what takes the focus when it is closed; null for what had it before. */
  back: () => HTMLElement | null;
  onClose: () => void;
  children: ComponentChildren;
}

const ROOM = matchMedia('(min-width: 75em)');

export function isWide(): boolean {
  return ROOM.matches;
}

export function PanelFrame(props: Props) {
  const wide = useMatch(ROOM);
  if (wide) return <Beside {...props} />;
  return <Dialog kind="drawer" {...props} />;
}

/** The list beside it stays usable. */
function Beside({ title, actions, back, onClose, children }: Props) {
  const name = useId();
  const panel = useRef<HTMLElement>(null);
  const returns = useRef(back);
  returns.current = back;
  useLayoutEffect(() => {
    const before = document.activeElement;
    panel.current?.querySelector<HTMLElement>('h2')?.focus();
    return () => {
      const [element, next] = [panel.current, returns.current()];
      const within = !!element?.contains(document.activeElement);
      // Later, because the element that opened it may be removed too: the row of what was deleted.
      setTimeout(() => {
        if (!within && document.activeElement !== document.body) return;
        const present = before instanceof HTMLElement && before !== document.body && before.isConnected;
        (next ?? (present ? before : document.getElementById('main')))?.focus();
      });
    };
  }, []);
  return (
    <section ref={panel} class="drawer beside" aria-labelledby={name}>
      <header>
        <h2 id={name} tabIndex={-1}>
          <bdi>{title}</bdi>
        </h2>
        {actions}
        <button type="button" class="quiet square small" aria-label="Close" title="Close" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      {children}
    </section>
  );
}

function useMatch(query: MediaQueryList): boolean {
  const [matches, setMatches] = useState(query.matches);
  useEffect(() => {
    const changed = () => setMatches(query.matches);
    query.addEventListener('change', changed);
    return () => query.removeEventListener('change', changed);
  }, [query]);
  return matches;
}

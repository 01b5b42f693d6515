/** A button that opens a menu below it; the menu closes when something in it is chosen. Knows none of its entries. */
import type { ComponentChildren } from 'preact';
import { useId, useRef } from 'preact/hooks';
import { Icon } from './parts';

interface Props {
  /** What the button is for, such as `More`. */
  label: string;
  /** On the button, instead of three dots. */
  face?: ComponentChildren;
  /** Buttons and links. */
  children: ComponentChildren;
  class?: string;
  /** False: the menu has a form, and stays open when something in it is chosen. */
  closes?: boolean;
  onToggle?: (open: boolean) => void;
}

const ENTRIES = 'button:not(:disabled), a[href]';

export function Menu({
  label,
  face,
  children,
  class: look = 'quiet square small',
  closes = true,
  onToggle,
}: Props) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  const toggled = (event: ToggleEvent) => {
    const open = event.newState === 'open';
    button.current?.setAttribute('aria-expanded', String(open));
    onToggle?.(open);
    if (open && closes && menu.current) entriesOf(menu.current)[0]?.focus();
  };
  const chosen = (event: MouseEvent) => {
    if (closes && (event.target as Element).closest(ENTRIES)) menu.current?.hidePopover();
  };
  return (
    <>
      <button
        ref={button}
        type="button"
        class={look}
        aria-label={face ? undefined : label}
        aria-expanded="false"
        title={face ? undefined : label}
        popovertarget={id}
      >
        {face ?? <Icon name="more" />}
      </button>
      <div
        ref={menu}
        id={id}
        popover="auto"
        class="menu"
        role="group"
        aria-label={label}
        onToggle={toggled}
        onClick={chosen}
        onKeyDown={closes ? arrows : undefined}
      >
        {children}
      </div>
    </>
  );
}

/** Return the entries that are shown: some are only where the window is narrow. */
function entriesOf(menu: Element): HTMLElement[] {
  return [...menu.querySelectorAll<HTMLElement>(ENTRIES)].filter((entry) => entry.checkVisibility());
}

/** Move the focus within a menu by the arrow keys. */
function arrows(event: KeyboardEvent): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || !(event.currentTarget instanceof Element)) return;
  const entries = entriesOf(event.currentTarget);
  const now = entries.indexOf(document.activeElement as HTMLElement);
  entries[(now + step + entries.length) % entries.length]?.focus();
  event.preventDefault();
}

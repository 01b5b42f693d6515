/** What pointer and keyboard do in a table: open, select, filter, menus, and moving the focus, also when its row goes away. */
import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Resource } from '../api/client';
import { useCommands } from '../ui/commands';
import { go, openApart } from '../ui/router';
import type { Column } from './columns';
import type { GridProps } from './layout';
import { besides, controlAt, type Place, placeOf, rowFor } from './gridFocus';
import type { Opened } from './RowMenu';

const NAME = 1; // the column of the names

export function useGridEvents(
  props: GridProps,
  body: RefObject<HTMLTableSectionElement | null>,
  columns: Column[],
  open: (what: Opened) => void,
) {
  const focus = useGridFocus(props, body);
  const entryOf = (target: EventTarget | null) => {
    const id =
      target instanceof Element ? target.closest<HTMLElement>('tr[data-id]')?.dataset['id'] : undefined;
    return props.rows.find((entry) => entry.id === id);
  };
  const order = () => props.rows.map(({ id }) => id);

  const onClick = (event: MouseEvent) => {
    const entry = entryOf(event.target);
    if (!entry || !(event.target instanceof Element)) return;
    const control = event.target.closest<HTMLElement>('a, button, input');
    if (event.shiftKey && (!control || control.dataset['do'] === 'pick')) {
      getSelection()?.removeAllRanges();
      props.selection.extend(entry.id, order());
      sync(control, entry);
    } else if (control) act(control, entry);
    else if (getSelection()?.type !== 'Range') visit(entry, event.ctrlKey || event.metaKey);
  };
  const act = (control: HTMLElement, entry: Resource) => {
    const { field, operator, value = '', key } = control.dataset;
    const column = columns.find((one) => one.key === key);
    switch (control.dataset['do']) {
      case 'pick':
        props.selection.toggle(entry.id);
        sync(control, entry);
        break;
      case 'filter':
        if (field !== undefined)
          props.onFilter?.({ field, operator: operator === 'has' ? 'has' : 'is', value });
        break;
      case 'button':
        props.layout.button?.run(entry);
        break;
      case 'menu':
        open({ anchor: control, entry, actions: props.layout.menu?.(entry) ?? [] });
        break;
      case 'more':
        if (column) open({ anchor: control, entry, column });
    }
  };
  /** The browser has changed the box already, and its row is rendered again only if its entry's state is another now. */
  const sync = (control: HTMLElement | null, { id }: Resource) => {
    if (control instanceof HTMLInputElement) control.checked = props.selection.has(id);
  };
  const visit = (entry: Resource, apart: boolean) => {
    const path = props.layout.path?.(entry);
    if (!path) return;
    if (apart) openApart(path);
    else go(path);
  };
  const onAuxClick = (event: MouseEvent) => {
    const entry = entryOf(event.target);
    const control = event.target instanceof Element && event.target.closest('a, button, input');
    if (entry && !control && event.button === 1) visit(entry, true);
  };
  const onMouseDown = (event: MouseEvent) => {
    const row = entryOf(event.target) !== undefined;
    if (row && (event.button === 1 || event.shiftKey)) event.preventDefault(); // no scrolling, no selected text
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const control = event.target;
    const place = control instanceof HTMLElement && !event.altKey && placeOf(control);
    if (!place) return;
    const entry = props.rows[place.row];
    const mod = event.ctrlKey || event.metaKey;
    const row = rowFor(event, place.row, props.rows.length, focus.page());
    if (row !== undefined) {
      if (event.shiftKey && entry && row >= 0) stretch(entry, row);
      focus.move({ row, column: place.column });
    } else if (besides(control, event.key)) besides(control, event.key)?.focus();
    else if (event.key === ' ' && entry && control.matches('a')) {
      if (event.shiftKey) props.selection.extend(entry.id, order());
      else props.selection.toggle(entry.id);
    } else if (event.key.toLowerCase() === 'a' && mod) props.selection.add(order());
    else if (event.key === 'Escape' && props.selection.store.state.size) props.selection.clear();
    else return;
    event.preventDefault();
  };
  /** Shift and an arrow key: the selection grows with the focus. */
  const stretch = (from: Resource, to: number) => {
    const next = props.rows[to];
    if (!props.selection.has(from.id)) props.selection.toggle(from.id);
    if (next) props.selection.extend(next.id, order());
  };
  const onRow = () => focus.present() !== null;
  useCommands(() => [
    ...(['j', 'k'] as const).map((keys) => ({
      id: `grid.${keys}`,
      label: keys === 'j' ? 'Next row' : 'Previous row',
      keys,
      repeat: true,
      hidden: true,
      enabled: props.rows.length > 0 && !props.current,
      run: () => focus.step(keys === 'j' ? 1 : -1),
    })),
    {
      id: 'grid.pick',
      label: 'Select the row, or deselect it',
      keys: 'x',
      hidden: true,
      enabled: onRow(),
      run: () => {
        const row = focus.present();
        if (row !== null) props.selection.toggle(row);
      },
    },
  ]);
  return {
    kept: focus.kept,
    handlers: { onClick, onAuxClick, onMouseDown, onKeyDown, onFocusIn: focus.onFocusIn },
  };
}

/** Moves the focus to rows that may not be rendered yet, and to the next row when the row that had it goes away. */
function useGridFocus({ rows, layout, current }: GridProps, body: RefObject<HTMLTableSectionElement | null>) {
  const [, render] = useState({});
  const wanted = useRef<Place | null>(null);
  const last = useRef<(Place & { id: string }) | null>(null);
  const lost = useRef(false);
  const at = last.current ? rows.findIndex(({ id }) => id === last.current?.id) : -1;
  const table = () => body.current?.closest('table');
  const move = (place: Place) => {
    wanted.current = place;
    render({});
  };
  const recover = () => {
    const active = document.activeElement;
    const nowhere = !active || active === document.body || active.id === 'main';
    if (!lost.current || !last.current || !nowhere || !rows.length) return;
    lost.current = false;
    const column = layout.path ? NAME : last.current.column;
    move({ row: Math.min(last.current.row, rows.length - 1), column });
  };
  useLayoutEffect(() => {
    const place = wanted.current;
    const element = table();
    if (!place || !element) return;
    wanted.current = null;
    controlAt(element, place)?.focus();
  });
  useEffect(() => {
    if (!last.current) return;
    if (at >= 0) last.current.row = at;
    else lost.current = true;
    recover();
  }, [rows]);
  useEffect(() => {
    const timer = setTimeout(recover); // after what was open has given the focus back
    return () => clearTimeout(timer);
  }, [current]);
  useEffect(
    () => () => {
      setTimeout(() => {
        if (last.current && document.activeElement === document.body)
          document.getElementById('main')?.focus();
      });
    },
    [], // the last row went away, and the table with it
  );
  useEffect(() => {
    // A dialog that deleted the row gives the focus to the page, since the row that had it does not exist.
    const elsewhere = ({ target }: FocusEvent) => {
      if (!(target instanceof Element) || target.closest('dialog, [popover]')) return;
      if (target.id === 'main') recover();
      else if (!table()?.contains(target)) lost.current = false;
    };
    document.addEventListener('focusin', elsewhere);
    return () => document.removeEventListener('focusin', elsewhere);
  });
  const onFocusIn = ({ target }: FocusEvent) => {
    const place = target instanceof Element && placeOf(target);
    const id = place && rows[place.row]?.id;
    if (!id) return;
    last.current = { ...place, id };
    lost.current = false;
  };
  const kept = wanted.current && wanted.current.row >= 0 ? wanted.current.row : at;
  const page = () => {
    const height = body.current?.querySelector('tr')?.getBoundingClientRect().height ?? innerHeight;
    return Math.max(1, Math.floor(innerHeight / height) - 3);
  };
  /** The ID of the row that has the focus. */
  const present = () =>
    last.current && body.current?.contains(document.activeElement) && at >= 0 ? last.current.id : null;
  const step = (by: 1 | -1) => {
    const row = present() === null ? Math.max(0, at) : at + by;
    move({ row: Math.min(rows.length - 1, Math.max(0, row)), column: NAME });
  };
  return { kept, move, step, present, page, onFocusIn };
}

/** Where the focus is in a table and where a key moves it: one tab stop in each row, arrow keys within the table. Knows no entry. */

/** A row by its place among all rows, -1 for the heads, and a column by its place on the screen. */
export interface Place {
  row: number;
  column: number;
}

export function controlsOf(row: Element): HTMLElement[] {
  return [...row.querySelectorAll<HTMLElement>('a, button, input')].filter(
    (one) => one.getClientRects().length > 0,
  );
}

/** Return the place of a control; `aria-rowindex` counts from 1 and includes the heads. */
export function placeOf(control: Element): Place | null {
  const [row, cell] = [control.closest('tr'), control.closest('td, th')];
  if (!row || !cell) return null;
  return {
    row: Number(row.getAttribute('aria-rowindex')) - 2,
    column: [...row.children].indexOf(cell),
  };
}

/** Return the control at a place: the nearest one to its left if the cell has none. */
export function controlAt(table: Element, { row, column }: Place): HTMLElement | undefined {
  const found = table.querySelector(`tr[aria-rowindex="${row + 2}"]`);
  if (!found) return undefined;
  const controls = controlsOf(found);
  const left = (one: HTMLElement) => {
    const cell = one.closest('td, th');
    return cell ? [...found.children].indexOf(cell) : 0;
  };
  return (
    controls.find((one) => left(one) === column) ??
    controls.findLast((one) => left(one) < column) ??
    controls[0]
  );
}

/** Return the control beside this one in its row. */
export function besides(control: HTMLElement, key: string): HTMLElement | undefined {
  const row = control.closest('tr');
  const controls = row ? controlsOf(row) : [];
  const at = controls.indexOf(control);
  const next = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: controls.length - 1 }[key];
  return next === undefined ? undefined : controls[next];
}

/** Return the row that a key leads to from another; undefined if it is not such a key. */
export function rowFor(
  { key, ctrlKey, metaKey }: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey'>,
  row: number,
  count: number,
  page: number,
): number | undefined {
  const far = ctrlKey || metaKey;
  const next = {
    ArrowDown: far ? count - 1 : row + 1,
    ArrowUp: far ? 0 : row - 1,
    PageDown: row + page,
    PageUp: row - page,
    Home: far ? 0 : undefined,
    End: far ? count - 1 : undefined,
  }[key];
  if (next === undefined) return undefined;
  return Math.min(count - 1, Math.max(key === 'ArrowUp' && !far ? -1 : 0, next));
}

/** A table of entries for pointer and keyboard: its columns, the rows near the visible part of the page, and what a click or key does. */
import { Suspense } from 'preact/compat';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { chosen } from '../list/selection';
import { useStore } from '../store';
import { later } from '../ui/later';
import { type Column, columnsFor, defaultKeys, fitting, template } from './columns';
import { GridHead } from './GridHead';
import type { GridProps } from './layout';
import { preferencesOf } from './preferences';
import { usePrinted, useRange } from './range';
import { Bones, Row } from './Row';
import { type Opened, RowMenu } from './RowMenu';
import { useGridEvents } from './useGridEvents';
import { useWidth } from './useWidth';
import './Grid.css';
import './skeleton.css';

const ColumnsMenu = later(() => import('./ColumnsMenu'));
const SKELETONS = 8;
const BRIEF = 3;

export function Grid(props: GridProps) {
  const { rows, listing, layout, selection, sub, caption, current, sort, onSort, auto, onMore } = props;
  const body = useRef<HTMLTableSectionElement>(null);
  const [opened, setOpened] = useState<Opened | null>(null);
  const [choosing, setChoosing] = useState<HTMLElement | null>(null);
  const { density, columns: remembered } = useStore(preferencesOf(sub));
  const ids = useStore(selection.store);
  const [frame, width] = useWidth();
  const keys = remembered[layout.name];
  const wanted = useMemo(() => columnsFor(keys ?? defaultKeys(layout.facts), layout.facts), [keys, layout]);
  const room = width - (layout.button ? 6 : 0);
  const count = fitting(wanted, room).length;
  const columns = useMemo(() => fitting(wanted, room), [wanted, count]);
  const brief = useMemo(() => (columns.length ? null : briefColumns(wanted)), [columns, wanted]);
  const events = useGridEvents(props, body, columns, setOpened);
  const printed = usePrinted();
  const indices = useRange(
    rows.length,
    body,
    events.kept,
    `${density} ${Math.round(width)} ${count}`,
    printed,
  );
  const bones = listing.loading ? (rows.length ? 2 : SKELETONS) : 0;
  const picked = useMemo(() => chosen(ids, rows), [ids, rows]);
  return (
    <div class="grid-frame" ref={frame}>
      <table
        role="grid"
        class={`grid ${density}${brief ? ' narrow' : ''}`}
        aria-label={caption}
        aria-busy={listing.loading}
        aria-multiselectable="true"
        aria-rowcount={rows.length + 1}
        style={{ '--columns': template(columns, layout.button ? 9 : 3), '--count': rows.length + bones }}
        {...events.handlers}
      >
        <GridHead
          columns={columns}
          sort={sort}
          onSort={onSort}
          selected={picked.length}
          count={rows.length}
          onPick={(all) => (all ? selection.add(rows.map(({ id }) => id)) : selection.clear())}
          onColumns={setChoosing}
        />
        <tbody ref={body} role="rowgroup">
          {indices.map((index) => {
            const entry = rows[index];
            return (
              entry && (
                <Row
                  key={entry.id}
                  entry={entry}
                  index={index}
                  columns={columns}
                  brief={brief}
                  layout={layout}
                  selected={ids.has(entry.id)}
                  current={entry.id === current}
                  filters={!!props.onFilter}
                  paper={printed}
                />
              )
            );
          })}
          {Array.from({ length: bones }, (_, index) => (
            <Bones key={index} index={rows.length + index} columns={columns} brief={!!brief} />
          ))}
        </tbody>
      </table>
      <End
        more={auto && !listing.loading && !listing.error && !!listing.cursor}
        count={rows.length}
        onMore={onMore}
      />
      {opened && <RowMenu opened={opened} filters={!!props.onFilter} onClose={() => setOpened(null)} />}
      {choosing && (
        <Suspense fallback={null}>
          <ColumnsMenu
            anchor={choosing}
            layout={layout}
            sub={sub}
            entries={rows}
            chosen={wanted}
            hidden={wanted.length - count}
            onClose={() => setChoosing(null)}
          />
        </Suspense>
      )}
    </div>
  );
}

function briefColumns(columns: Column[]): Column[] {
  return columns.filter(({ kind }) => kind !== 'time').slice(0, BRIEF);
}

/** The end of the table: when it comes near the visible part of the page, the next page is loaded. */
function End({ more, count, onMore }: { more: boolean; count: number; onMore: () => void }) {
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!more || !end.current) return;
    const observer = new IntersectionObserver(
      (seen) => {
        if (seen.some((entry) => entry.isIntersecting)) onMore();
      },
      { rootMargin: '0px 0px 300px' },
    );
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [more, count]);
  return <div ref={end} />;
}

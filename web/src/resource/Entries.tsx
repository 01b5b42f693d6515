/** A page of resources: heading, toolbar, table, and what is shown while there are none. */
import type { ComponentChildren } from 'preact';
import { Suspense } from 'preact/compat';
import { useCallback, useMemo, useState } from 'preact/hooks';
import type { Resource } from '../api/client';
import { messageOf, SessionEnded } from '../api/problem';
import { counted } from '../contract/service';
import { NEWEST, viewOf } from '../list/address';
import type { Listing, ResourceList } from '../list/list';
import type { Selection } from '../list/selection';
import { type Filter, needsAll, type Sort, shown, type View } from '../list/view';
import { useServices } from '../services';
import { useStore } from '../store';
import { later } from '../ui/later';
import { Icon } from '../ui/parts';
import { address } from '../ui/router';
import { FilterChips, withFilter } from './Filters';
import { News } from './News';
import { usePrinting } from './printing';
import { Grid } from './Grid';
import type { Layout } from './layout';
import { Toolbar } from './Toolbar';
import { useHidden } from './useHidden';
import { useLoading } from './useLoading';
import { useView } from './useView';
import './Entries.css';

const ApiCallsDialog = later(() => import('./ApiCallsDialog'));

interface Props {
  list: ResourceList;
  /** In the plural, within a sentence. */
  what: string;
  layout: Layout;
  sub: string;
  /** The ID of the open entry. */
  current?: string | null;
  selection: Selection;
  /** Return what can be done to those of these rows that are selected. */
  selected: (rows: Resource[]) => ComponentChildren;
  heading: ComponentChildren;
  /** Beside the heading. */
  action: ComponentChildren;
  /** In the toolbar. */
  tools?: ComponentChildren;
  /** In the toolbar's menu. */
  menu?: ComponentChildren;
  empty: ComponentChildren;
}

export function Entries(props: Props) {
  const { list, what, layout, sub, current, selection, heading, action, tools, menu, empty } = props;
  const listing = useStore(list.store);
  const [view, change] = useView();
  useLoading(list, listing, view);
  const { entries, cursor, loading } = listing;
  const rows = useMemo(() => shown(entries, view), [entries, view]);
  const clear = () => change({ search: '', filters: [] });
  const [calls, setCalls] = useState(false);
  const sortBy = useCallback((sort: Sort) => change({ sort }), [change]);
  const filterBy = useCallback(
    (filter: Filter) => change({ filters: withFilter(viewOf(address.state.query).filters, filter) }),
    [change],
  );
  const more = useCallback(() => void list.more(), [list]);
  const print = usePrinting(list, what, !current);
  useHidden(listing, rows, view, clear);
  return (
    <>
      <div class="heading">
        <h1>{heading}</h1>
        <p class="count" role="status">
          {countOf(listing)}
        </p>
        <News list={list} news={listing.news} />
        {action}
      </div>
      <Toolbar
        list={list}
        listing={listing}
        what={what}
        view={view}
        onView={change}
        shown={rows.length}
        menu={
          <>
            {menu}
            <button type="button" onClick={print}>
              <Icon name="print" />
              Print
            </button>
            <button type="button" onClick={() => setCalls(true)}>
              <Icon name="code" />
              API calls
            </button>
          </>
        }
      >
        {tools}
      </Toolbar>
      <FilterChips filters={view.filters} onChange={(filters) => change({ filters })} />
      {entries.length === 0 && cursor === null && <div class="empty">{empty}</div>}
      {(rows.length > 0 || loading) && (
        <Grid
          rows={rows}
          listing={listing}
          layout={layout}
          selection={selection}
          sub={sub}
          current={current}
          caption={`Your ${what}`}
          sort={view.sort}
          onSort={sortBy}
          onFilter={filterBy}
          auto={!needsAll(view)}
          onMore={more}
        />
      )}
      {rows.length === 0 && entries.length > 0 && !loading && (
        <NoneFound what={what} listing={listing} view={view} onClear={clear} />
      )}
      {props.selected(rows)}
      {calls && <Calls onClose={() => setCalls(false)} />}
      <Failure list={list} listing={listing} view={view} what={what} />
    </>
  );
}

/** Follows the calls, so that the list does not have to. */
function Calls({ onClose }: { onClose: () => void }) {
  const calls = useStore(useServices().api.calls);
  return (
    <Suspense fallback={null}>
      <ApiCallsDialog calls={calls} onClose={onClose} />
    </Suspense>
  );
}

function countOf({ entries, cursor }: Listing): string {
  if (cursor === undefined) return '';
  return cursor === null ? counted(entries.length) : `${counted(entries.length)} loaded, more available`;
}

function NoneFound({
  what,
  listing,
  view,
  onClear,
}: Pick<Props, 'what'> & { listing: Listing; view: View; onClear: () => void }) {
  const complete = listing.cursor === null;
  return (
    <div class="unmatched">
      <p>{complete ? `No ${what} match.` : `No match so far, in ${counted(listing.entries.length)}.`}</p>
      <button type="button" onClick={onClear}>
        {view.filters.length === 0
          ? 'Clear the search'
          : view.search
            ? 'Clear search and filters'
            : 'Clear filters'}
      </button>
    </div>
  );
}

/** Why the list could not be loaded; the rows that are there stay. */
function Failure({
  list,
  listing,
  view,
  what,
}: Pick<Props, 'list' | 'what'> & { listing: Listing; view: View }) {
  const { error, entries, cursor, order } = listing;
  if (error === null || error instanceof SessionEnded) return null;
  const wanted = view.sort.property === NEWEST.property && !view.sort.descending ? 'asc' : 'desc';
  const again = () => {
    if (cursor === undefined || wanted !== order) void list.load(wanted);
    else if (needsAll(view)) void list.all();
    else void list.reload();
  };
  return (
    <div class={entries.length > 0 ? 'notice error afloat' : 'notice error'} role="alert">
      <p>
        The {what} could not be loaded. {messageOf(error)}
        {entries.length > 0 && ' The list shows what was loaded before.'}
      </p>
      <button type="button" class="small" onClick={again}>
        Try again
      </button>
    </div>
  );
}

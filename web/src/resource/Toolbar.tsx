/** Above the list: search, order, filters, reload, and a menu of what is needed less often. Knows no row. */
import type { ComponentChildren } from 'preact';
import { useCallback } from 'preact/hooks';
import type { Listing, ResourceList } from '../list/list';
import { valuesOf } from '../list/values';
import { needsAll, type View } from '../list/view';
import { useCommands } from '../ui/commands';
import { Menu } from '../ui/Menu';
import { Icon } from '../ui/parts';
import { AddFilter } from './Filters';
import { SearchField } from './SearchField';
import { SortSelect } from './SortSelect';

interface Props {
  list: ResourceList;
  listing: Listing;
  /** In the plural, within a sentence. */
  what: string;
  view: View;
  onView: (part: Partial<View>) => void;
  /** How many entries the view shows. */
  shown: number;
  /** Before the menu. */
  children?: ComponentChildren;
  /** In the menu. */
  menu?: ComponentChildren;
}

export function Toolbar({ list, listing, what, view, onView, shown, children, menu }: Props) {
  const { entries, cursor, reloading, loading, filling } = listing;
  const narrowed = needsAll({ ...view, sort: { property: 'created_at', descending: true } });
  const partial = cursor !== null && needsAll(view);
  const suggest = useCallback((path: string) => valuesOf(list.store.state.entries, path), [list]);
  const reload = () => void list.reload();
  useCommands([{ id: 'list.reload', label: `Reload ${what}`, icon: 'refresh', run: reload }]);
  return (
    <search class="tools">
      <SearchField
        what={what}
        search={view.search}
        onSearch={(search) => onView({ search })}
        found={narrowed || partial ? { shown, loaded: entries.length } : null}
        state={!partial ? 'complete' : filling || loading || cursor === undefined ? 'loading' : 'partial'}
        onStop={() => list.stop()}
        onContinue={() => void list.all()}
      />
      <AddFilter filters={view.filters} onChange={(filters) => onView({ filters })} suggest={suggest} />
      <SortSelect sort={view.sort} onSort={(sort) => onView({ sort })} />
      <span class="space" />
      <button
        type="button"
        class="quiet square reload"
        aria-label="Reload"
        title="Reload"
        aria-busy={reloading}
        aria-disabled={reloading || loading}
        onClick={() => !reloading && !loading && reload()}
      >
        <Icon name="refresh" />
      </button>
      {children}
      {menu && (
        <Menu label="More" class="quiet square">
          {menu}
          <button type="button" class="narrow" onClick={reload}>
            <Icon name="refresh" />
            Reload
          </button>
        </Menu>
      )}
    </search>
  );
}

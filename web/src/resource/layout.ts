/** What a page decides about its table: what is in it, where a row leads, and what can be done with an entry. Knows no markup. */
import type { ComponentChildren } from 'preact';
import type { Resource } from '../api/client';
import type { IconName } from '../ui/parts';
import type { Listing } from '../list/list';
import type { Selection } from '../list/selection';
import type { Filter, Sort } from '../list/view';
import type { Fact } from './columns';

export interface RowAction {
  label: string;
  icon: IconName;
  danger?: true;
  run: () => void;
}

/** Keep it the same object while nothing in it changes: a new one renders every row again. */
export interface Layout {
  /** Under which the columns of this table are remembered. */
  name: string;
  facts: Fact[];
  /** Where a row leads to. */
  path?: (entry: Resource) => string;
  /** Below the name, in a table that is too narrow for columns. */
  note?: (entry: Resource) => ComponentChildren;
  /** A button in each row; without a path, it is the row's tab stop. */
  button?: {
    label: string;
    icon: IconName;
    busy: (entry: Resource) => boolean;
    run: (entry: Resource) => void;
  };
  /** What the menu of each row offers. */
  menu?: (entry: Resource) => RowAction[];
}

export interface GridProps {
  /** What is shown, in its order. */
  rows: Resource[];
  listing: Pick<Listing, 'loading' | 'cursor' | 'error'>;
  layout: Layout;
  selection: Selection;
  /** Whose preferences apply. */
  sub: string;
  caption: string;
  /** The ID of the entry that is open beside the table. */
  current?: string | null | undefined;
  sort?: Sort | undefined;
  /** Without it, the heads are not buttons. */
  onSort?: ((sort: Sort) => void) | undefined;
  /** Without it, the chips are not buttons. */
  onFilter?: ((filter: Filter) => void) | undefined;
  /** Whether to load the next page when the end of the table scrolls into view. */
  auto: boolean;
  onMore: () => void;
}

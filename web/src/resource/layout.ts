/** What a page decides about its table: the facts it can show, where a row leads, and what can be done with an entry. */
import type { ComponentChildren } from 'preact';
import type { Resource } from '../api/client';
import type { IconName } from '../ui/parts';
import type { Fact } from './columns';

export interface MenuItem {
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
  menu?: (entry: Resource) => MenuItem[];
}

/** What opens beside a row: its menu, or the values that do not fit into a cell. */
import type { Resource } from '../api/client';
import { Icon } from '../ui/parts';
import { Popup } from '../ui/Popup';
import { Chip } from './Cell';
import { type Column, valueIn } from './columns';
import { nameOf } from '../list/content';
import type { RowAction } from './layout';

/** What is open, beside which button. */
export type Opened =
  | { anchor: HTMLElement; entry: Resource; actions: RowAction[] }
  | { anchor: HTMLElement; entry: Resource; column: Column };

interface Props {
  opened: Opened;
  /** Whether a click on a chip filters. */
  filters: boolean;
  onClose: () => void;
}

export function RowMenu({ opened, filters, onClose }: Props) {
  const { anchor, entry } = opened;
  if ('actions' in opened) {
    return (
      <Popup anchor={anchor} label={`Actions for ${nameOf(entry)}`} role="menu" onClose={onClose}>
        {opened.actions.map((action) => (
          <button
            key={action.label}
            type="button"
            role="menuitem"
            class={action.danger ? 'quiet small danger-text' : 'quiet small'}
            onClick={() => {
              anchor.focus({ preventScroll: true }); // so that a dialog gives the focus back to it
              onClose();
              action.run();
            }}
          >
            <Icon name={action.icon} />
            {action.label}
          </button>
        ))}
      </Popup>
    );
  }
  const { column } = opened;
  const values = valueIn(entry, column);
  return (
    <Popup anchor={anchor} label={`${column.title} of ${nameOf(entry)}`} role="dialog" onClose={onClose}>
      <div class="chips" tabIndex={-1}>
        {(Array.isArray(values) ? (values as unknown[]) : []).map((value, index) => (
          <Chip key={index} value={value} column={column} filters={filters && typeof value === 'string'} />
        ))}
      </div>
    </Popup>
  );
}

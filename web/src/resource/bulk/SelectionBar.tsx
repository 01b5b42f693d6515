/** The bar above the lower edge of the page, with what can be done to the selected. Knows not what that is. */
import type { ComponentChildren } from 'preact';
import { useStore } from '../../store';
import { useCommands } from '../../ui/commands';
import { Icon } from '../../ui/parts';
import { current } from './tasks';
import './bulk.css';

interface Props {
  count: number;
  /** Deselect all. */
  onClear: () => void;
  children: ComponentChildren;
}

export function SelectionBar({ count, onClear, children }: Props) {
  const task = useStore(current); // its bar is in this place
  useCommands([
    {
      id: 'bulk.clear',
      label: 'Clear the selection',
      keys: 'escape',
      hidden: true,
      enabled: !task,
      run: onClear,
    },
  ]);
  if (task) return null;
  return (
    <div class="bulk" role="group" aria-label="Selected">
      <p role="status">{count.toLocaleString()} selected</p>
      {children}
      <button
        type="button"
        class="quiet square small"
        aria-label="Clear the selection"
        title="Clear the selection (Esc)"
        onClick={onClear}
      >
        <Icon name="close" />
      </button>
    </div>
  );
}

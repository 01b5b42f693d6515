/** What can be done to the selected resources together. Knows not how entries are selected. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Resource } from '../../api/client';
import { has } from '../../contract/service';
import { useServices } from '../../services';
import { useStore } from '../../store';
import { useCommands } from '../../ui/commands';
import { Icon } from '../../ui/parts';
import { Shortcut } from '../../ui/Shortcut';
import { deleteEntries } from '../delete';
import type { Lists } from '../../list/list';
import { EditDialog, fields } from './EditDialog';
import { editMany } from './many';
import { current } from './tasks';
import './bulk.css';

interface Props {
  /** The selected ones that are shown, in their order. */
  entries: readonly Resource[];
  lists: Lists;
  /** Deselect all. */
  onClear: () => void;
}

export default function BulkBar({ entries, lists, onClear }: Props) {
  const services = useServices();
  const task = useStore(current); // its bar is in this place
  const [editing, setEditing] = useState(false);
  const remove = () => void deleteEntries({ ...services, lists }, [...entries]);
  const edit = fields.length === 1 ? fields[0]?.title : 'Edit';
  const canDelete = has('delete') && !task;
  const canEdit = has('patch') && fields.length > 0 && !task;
  useCommands([
    {
      id: 'bulk.delete',
      label: 'Delete the selected',
      keys: 'delete',
      icon: 'trash',
      enabled: has('delete'),
      run: remove,
    },
    {
      id: 'bulk.edit',
      label: `${edit} of the selected`,
      keys: 't',
      enabled: canEdit,
      run: () => setEditing(true),
    },
    { id: 'bulk.clear', label: 'Clear the selection', keys: 'escape', hidden: true, run: onClear },
  ]);
  if (task) return null;
  return (
    <SelectionBar count={entries.length} onClear={onClear}>
      {canEdit && (
        <button type="button" class="small" onClick={() => setEditing(true)}>
          {edit}
          <Shortcut keys="t" />
        </button>
      )}
      {canDelete && (
        <button type="button" class="small danger-text" onClick={remove}>
          <Icon name="trash" />
          Delete
          <Shortcut keys="delete" />
        </button>
      )}
      {editing && (
        <EditDialog
          entries={entries}
          loaded={lists.present.store.state.entries}
          onClose={() => setEditing(false)}
          onEdit={(what) => {
            setEditing(false);
            void editMany({ ...services, lists }, entries, what);
          }}
        />
      )}
    </SelectionBar>
  );
}

interface BarProps {
  count: number;
  onClear: () => void;
  children: ComponentChildren;
}

/** The bar above the lower edge of the page, with what to do to the selected. */
export function SelectionBar({ count, onClear, children }: BarProps) {
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

/** What can be done to the selected resources together. Knows not how entries are selected. */
import { useState } from 'preact/hooks';
import type { Resource } from '../../api/client';
import { has } from '../../contract/service';
import type { Lists } from '../../list/list';
import { useServices } from '../../services';
import { useStore } from '../../store';
import { transfer } from '../../transfer/open';
import { useCommands } from '../../ui/commands';
import { Icon } from '../../ui/parts';
import { Shortcut } from '../../ui/Shortcut';
import { deleteEntries } from '../delete';
import { EditDialog, fields } from './EditDialog';
import { editMany } from './many';
import { SelectionBar } from './SelectionBar';
import { current } from './tasks';

interface Props {
  /** The selected ones that are shown, in their order. */
  entries: readonly Resource[];
  lists: Lists;
  /** Deselect all. */
  onClear: () => void;
}

const canDelete = has('delete');
const canEdit = has('patch') && fields.length > 0;
const edit = fields.length === 1 ? (fields[0]?.title ?? '') : 'Edit';

export default function BulkBar({ entries, lists, onClear }: Props) {
  const services = useServices();
  const idle = useStore(current) === null;
  const [editing, setEditing] = useState(false);
  const page = { ...services, lists };
  const remove = () => void deleteEntries(page, [...entries]);
  const change = () => setEditing(true);
  const save = () => (transfer.state = 'export');
  const group = 'Selection';
  useCommands([
    {
      ...{ id: 'bulk.edit', label: `${edit} of the selected`, keys: 't', group },
      ...{ enabled: idle && canEdit, run: change },
    },
    {
      ...{ id: 'bulk.export', label: 'Export the selected', group, icon: 'download' },
      ...{ enabled: idle, run: save },
    },
    {
      ...{ id: 'bulk.delete', label: 'Delete the selected', keys: 'delete', group, icon: 'trash' },
      ...{ enabled: idle && canDelete, run: remove },
    },
  ]);
  return (
    <SelectionBar count={entries.length} onClear={onClear}>
      {canEdit && (
        <button type="button" class="small" aria-keyshortcuts="T" onClick={change}>
          {edit}
          <Shortcut keys="t" />
        </button>
      )}
      <button type="button" class="small" onClick={save}>
        Export
      </button>
      {canDelete && (
        <button type="button" class="small danger-text" aria-keyshortcuts="Delete" onClick={remove}>
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
            void editMany(page, entries, what);
          }}
        />
      )}
    </SelectionBar>
  );
}

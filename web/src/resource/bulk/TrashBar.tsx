/** What can be done together to the selected resources in the trash. Knows not how entries are selected. */
import { useState } from 'preact/hooks';
import type { Resource } from '../../api/client';
import { counted, has } from '../../contract/service';
import type { Lists } from '../../list/list';
import { useServices } from '../../services';
import { Dialog, Icon } from '../../ui/parts';
import { purgeMany, restoreMany } from './many';
import { SelectionBar } from './SelectionBar';

interface Props {
  /** The selected ones that are shown, in their order. */
  entries: readonly Resource[];
  lists: Lists;
  /** Deselect all. */
  onClear: () => void;
}

export default function TrashBar({ entries, lists, onClear }: Props) {
  const { api } = useServices();
  const [asking, setAsking] = useState(false);
  const close = () => setAsking(false);
  const purge = () => {
    close();
    void purgeMany({ api, lists }, entries);
  };
  return (
    <SelectionBar count={entries.length} onClear={onClear}>
      <button type="button" class="small" onClick={() => void restoreMany({ api, lists }, entries)}>
        <Icon name="restore" />
        Restore
      </button>
      {has('delete', 'purge') && (
        <button type="button" class="small danger-text" onClick={() => setAsking(true)}>
          <Icon name="trash" />
          Delete for good
        </button>
      )}
      {asking && (
        <Dialog title={`Delete ${counted(entries.length)} for good?`} kind="box" onClose={close}>
          <p>{entries.length === 1 ? 'It' : 'They'} cannot be restored after that.</p>
          <div class="actions">
            <button type="button" onClick={close}>
              {entries.length === 1 ? 'Keep it' : 'Keep them'}
            </button>
            <button type="button" class="danger" onClick={purge}>
              Delete {counted(entries.length)} for good
            </button>
          </div>
        </Dialog>
      )}
    </SelectionBar>
  );
}

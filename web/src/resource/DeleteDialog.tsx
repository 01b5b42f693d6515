/** Asks for confirmation before a resource is deleted, and again if it changed in the meantime. */
import { useState } from 'preact/hooks';
import type { Resource } from '../api/client';
import { Refused, SessionEnded, Stopped, messageOf } from '../api/problem';
import { service } from '../contract/service';
import { useServices } from '../services';
import { Dialog, Quoted } from '../ui/parts';
import { toast } from '../ui/toasts';
import { nameOf } from '../list/content';
import type { Lists } from '../list/list';
import { bringBack, createAgain } from './recovery';

interface Props {
  resource: Resource;
  lists: Lists;
  onClose: () => void;
  onDeleted: () => void;
}

export function DeleteDialog({ resource, lists, onClose, onDeleted }: Props) {
  const { api, trashDays } = useServices();
  const [now, setNow] = useState(resource);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const remove = async () => {
    setBusy(true);
    setError('');
    try {
      await api.remove(now.id, now.version);
      done();
    } catch (reason) {
      const status = reason instanceof Refused ? reason.status : 0;
      if (status === 404) done();
      else if (status === 412) await changed();
      else if (!(reason instanceof SessionEnded || reason instanceof Stopped)) setError(messageOf(reason));
    }
    setBusy(false);
  };
  const changed = async () => {
    const theirs = await api.get(now.id).catch(() => null);
    if (theirs) {
      setNow(theirs);
      lists.present.seen(theirs);
    }
    setError(
      `The ${service.singular} has changed since you opened it${theirs ? ` and is now at version ${theirs.version}` : ''}. It was not deleted.`,
    );
  };
  const done = () => {
    lists.present.remove(now);
    toast(
      <>
        Deleted <Quoted text={nameOf(now)} />.
      </>,
      trashDays
        ? { label: 'Undo', run: () => void bringBack(api, lists, now) }
        : { label: 'Create it again', run: () => void createAgain(api, lists, now) },
    );
    onClose();
    onDeleted();
  };
  return (
    <Dialog
      title={
        <>
          Delete <Quoted text={nameOf(now)} />?
        </>
      }
      kind="box"
      onClose={onClose}
    >
      <p>
        {trashDays
          ? `You can restore the ${service.singular} from the trash for ${trashDays} ${trashDays === 1 ? 'day' : 'days'}.`
          : `This permanently deletes the ${service.singular} and its ID. You can create it again afterwards, but with a new ID.`}
      </p>
      {error && (
        <p class="notice error" role="alert">
          {error}
        </p>
      )}
      <div class="actions">
        <button type="button" onClick={onClose}>
          Keep it
        </button>
        <button type="button" class="danger" disabled={busy} onClick={() => void remove()}>
          {now === resource ? 'Delete' : `Delete version ${now.version}`}
        </button>
      </div>
    </Dialog>
  );
}

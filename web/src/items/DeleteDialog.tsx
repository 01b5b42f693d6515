/** Asks before an item is deleted, and again when it has changed in between; says honestly what "undo" can be. */
import { useState } from 'preact/hooks';
import type { Item } from '../api/client';
import { Refused, SessionEnded, Stopped, tell } from '../api/problem';
import { type Services, useServices } from '../app';
import { Dialog, Quoted } from '../ui/parts';
import { go } from '../ui/router';
import { toast } from '../ui/toasts';
import { contentOf, nameOf } from './content';
import { create } from './save';

interface Props {
  item: Item;
  onClose: () => void;
  onDeleted: () => void;
}

export function DeleteDialog({ item, onClose, onDeleted }: Props) {
  const services = useServices();
  const [now, setNow] = useState(item);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const remove = async () => {
    setBusy(true);
    setError('');
    try {
      await services.api.remove(now.id, now.version);
      done();
    } catch (reason) {
      const status = reason instanceof Refused ? reason.status : 0;
      if (status === 404) done();
      else if (status === 412) await changed();
      else if (!(reason instanceof SessionEnded || reason instanceof Stopped)) setError(tell(reason));
    }
    setBusy(false);
  };
  const changed = async () => {
    const theirs = await services.api.get(now.id).catch(() => null);
    if (theirs) {
      setNow(theirs);
      services.list.put(theirs);
    }
    setError(
      `It has changed since you opened it${theirs ? ` and is at version ${theirs.version} now` : ''}. Nothing was deleted.`,
    );
  };
  const done = () => {
    services.list.remove(now.id);
    toast(
      <>
        Deleted <Quoted text={nameOf(now)} />.
      </>,
      { label: 'Create it again', run: () => void again(services, now) },
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
        The item and its id are gone for good. You can create it again afterwards, but as a new item with a
        new id.
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
          {now === item ? 'Delete' : `Delete version ${now.version}`}
        </button>
      </div>
    </Dialog>
  );
}

async function again(services: Services, item: Item, key = crypto.randomUUID()): Promise<void> {
  try {
    const made = await create(services.api, contentOf(item), key, []);
    services.list.put(made);
    toast(
      <>
        Created <Quoted text={nameOf(made)} /> again, as a new item.
      </>,
      { label: 'Open', run: () => go(`/items/${made.id}`) },
    );
  } catch (error) {
    toast(
      <>
        <Quoted text={nameOf(item)} /> was not created again. {tell(error)}
      </>,
      { label: 'Try again', run: () => void again(services, item, key) },
    );
  }
}

/** Asks for confirmation before a resource is deleted, and again if it changed in the meantime. */
import { useState } from 'preact/hooks';
import type { Api, Resource } from '../api/client';
import { Refused, SessionEnded, Stopped, messageOf } from '../api/problem';
import { collection, service } from '../contract/service';
import { useServices } from '../services';
import { Dialog, Quoted } from '../ui/parts';
import { go } from '../ui/router';
import { toast } from '../ui/toasts';
import { contentOf, nameOf } from './content';
import type { ResourceList } from './list';
import { create } from './save';

interface Props {
  resource: Resource;
  list: ResourceList;
  onClose: () => void;
  onDeleted: () => void;
}

export function DeleteDialog({ resource, list, onClose, onDeleted }: Props) {
  const { api } = useServices();
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
      list.put(theirs);
    }
    setError(
      `The ${service.singular} has changed since you opened it${theirs ? ` and is now at version ${theirs.version}` : ''}. It was not deleted.`,
    );
  };
  const done = () => {
    list.remove(now.id);
    toast(
      <>
        Deleted <Quoted text={nameOf(now)} />.
      </>,
      { label: 'Create it again', run: () => void again(api, list, now) },
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
        This permanently deletes the {service.singular} and its ID. You can create it again afterwards, but
        with a new ID.
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

async function again(
  api: Api,
  list: ResourceList,
  resource: Resource,
  key = crypto.randomUUID(),
): Promise<void> {
  try {
    const made = await create(api, contentOf(resource), key, []);
    list.put(made);
    toast(
      <>
        Created <Quoted text={nameOf(made)} /> again, as a new {service.singular}.
      </>,
      { label: 'Open', run: () => go(`${collection}/${made.id}`) },
    );
  } catch (error) {
    toast(
      <>
        <Quoted text={nameOf(resource)} /> could not be created again. {messageOf(error)}
      </>,
      { label: 'Try again', run: () => void again(api, list, resource, key) },
    );
  }
}

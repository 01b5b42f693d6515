/** What was deleted and can still be restored, or deleted for good. */
import { useRef, useState } from 'preact/hooks';
import type { Resource } from '../api/client';
import { Refused, SessionEnded, Stopped, messageOf } from '../api/problem';
import { has, service } from '../contract/service';
import { useServices } from '../services';
import { Dialog, Icon, Quoted, Time, useTitle } from '../ui/parts';
import { toast } from '../ui/toasts';
import { nameOf } from '../list/content';
import type { Lists } from '../list/list';
import { Entries } from './Entries';
import { bringBack, changed } from './recovery';
import { live } from './restore';
import type { Layout } from './Table';
import './TrashPage.css';

interface Props {
  lists: Lists;
  sub: string;
}

export default function TrashPage({ lists, sub }: Props) {
  const { api, trashDays } = useServices();
  const [purging, setPurging] = useState<Resource | null>(null);
  const [busy, setBusy] = useState<string[]>([]);
  useTitle('Trash');
  const restore = async (entry: Resource, button: HTMLElement) => {
    if (busy.includes(entry.id)) return;
    setBusy((all) => [...all, entry.id]);
    const row = button.closest('tr');
    const next = row?.nextElementSibling ?? row?.previousElementSibling;
    await bringBack(api, lists, entry);
    setBusy((all) => all.filter((id) => id !== entry.id));
    setTimeout(() => {
      if (button.isConnected || document.activeElement !== document.body) return;
      const near = next?.isConnected && next.querySelector('button');
      (near || document.getElementById('main'))?.focus();
    });
  };
  const layout: Layout = {
    times: [
      { title: 'Created', property: 'created_at', sorted: true },
      { title: 'Deleted', property: 'deleted_at' },
      { title: 'Kept until', property: 'expires_at' },
    ],
    note: (entry) => (
      <>
        Deleted <Time at={String(entry['deleted_at'])} />
        <br />
        Kept until <Time at={String(entry['expires_at'])} />
      </>
    ),
    actions: (entry) => (
      <>
        <button
          type="button"
          class="small"
          aria-label={`Restore ${nameOf(entry)}`}
          aria-disabled={busy.includes(entry.id)}
          onClick={(event) => void restore(entry, event.currentTarget)}
        >
          <Icon name="restore" />
          Restore
        </button>
        {has('delete', 'purge') && (
          <button
            type="button"
            class="quiet square small"
            aria-label={`Delete ${nameOf(entry)} for good`}
            title="Delete for good"
            onClick={() => setPurging(entry)}
          >
            <Icon name="trash" />
          </button>
        )}
      </>
    ),
  };
  const back = (
    <a class="button" href="/">
      <Icon name="back" />
      Back to your {service.plural}
    </a>
  );
  return (
    <section class="page trash">
      <Entries
        list={lists.trash}
        what={`deleted ${service.plural}`}
        searchKey={`search-trash:${sub}`}
        layout={layout}
        heading="Trash"
        action={back}
        empty={
          <>
            <h2>The trash is empty</h2>
            <p>{kept(trashDays)}</p>
            {back}
          </>
        }
      />
      {purging && <PurgeDialog entry={purging} lists={lists} onClose={() => setPurging(null)} />}
    </section>
  );
}

function kept(days: number): string {
  if (!days) return `Deleted ${service.plural} are not kept any more.`;
  return `When you delete ${service.plural}, you can restore them here for ${days} ${days === 1 ? 'day' : 'days'}.`;
}

/** Asks for confirmation before a resource is deleted for good. */
function PurgeDialog({ entry, lists, onClose }: { entry: Resource; lists: Lists; onClose: () => void }) {
  const { api } = useServices();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const purging = useRef(false);
  const name = <Quoted text={nameOf(entry)} />;
  const purge = async () => {
    if (purging.current) return;
    purging.current = true;
    setBusy(true);
    setError('');
    try {
      await api.remove(entry.id, entry.version, true);
      lists.trash.remove(entry);
      toast(<>Deleted {name} for good.</>);
      onClose();
    } catch (reason) {
      await failed(reason).catch((other: unknown) => setError(messageOf(other)));
    }
    purging.current = false;
    setBusy(false);
  };
  const failed = async (reason: unknown) => {
    if (reason instanceof SessionEnded || reason instanceof Stopped) return;
    const status = reason instanceof Refused ? reason.status : 0;
    if (status !== 404 && status !== 412) {
      setError(messageOf(reason));
      return;
    }
    const resource = await live(api, entry.id);
    if (resource) {
      lists.trash.remove(entry);
      lists.present.put(resource);
      toast(<>{name} was not deleted. It was restored elsewhere.</>);
    } else if (status === 404) {
      lists.trash.remove(entry);
      toast(<>{name} was already deleted for good.</>);
    } else {
      changed(lists, entry, 'deleted for good');
    }
    onClose();
  };
  return (
    <Dialog title={<>Delete {name} for good?</>} kind="box" onClose={onClose}>
      <p>It cannot be restored after that.</p>
      {error && (
        <p class="notice error" role="alert">
          {error}
        </p>
      )}
      <div class="actions">
        <button type="button" onClick={onClose}>
          Keep it
        </button>
        <button type="button" class="danger" disabled={busy} onClick={() => void purge()}>
          Delete for good
        </button>
      </div>
    </Dialog>
  );
}

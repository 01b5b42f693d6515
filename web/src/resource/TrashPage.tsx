/** What was deleted and can still be restored, or deleted for good. */
import { useMemo, useRef, useState } from 'preact/hooks';
import type { Resource } from '../api/client';
import { Refused, SessionEnded, Stopped, messageOf } from '../api/problem';
import { has, service } from '../contract/service';
import { useServices } from '../services';
import { Dialog, Icon, Quoted, useTitle } from '../ui/parts';
import { Ago } from '../ui/Ago';
import { toast } from '../ui/toasts';
import { nameOf } from '../list/content';
import type { Lists } from '../list/list';
import { Selection } from '../list/selection';
import { Entries } from './Entries';
import { bringBack, changed } from './recovery';
import { live } from './restore';
import { Selected, TrashBar } from './Selected';
import type { Layout } from './layout';
import { type Fact, FACTS } from './columns';

const TRASH_FACTS: Fact[] = [
  { property: 'deleted_at', title: 'Deleted', kind: 'time', usual: true },
  { property: 'expires_at', title: 'Kept until', kind: 'time', usual: true },
  ...FACTS.map(({ property, title, kind }) => ({ property, title, kind })),
];

interface Props {
  lists: Lists;
  sub: string;
}

export default function TrashPage({ lists, sub }: Props) {
  const { api, trashDays } = useServices();
  const [selection] = useState(() => new Selection());
  const [purging, setPurging] = useState<Resource | null>(null);
  const [busy, setBusy] = useState<string[]>([]);
  useTitle('Trash');
  const restore = async (entry: Resource) => {
    if (busy.includes(entry.id)) return;
    setBusy((all) => [...all, entry.id]);
    await bringBack(api, lists, entry);
    setBusy((all) => all.filter((id) => id !== entry.id));
  };
  const latest = useRef(restore);
  latest.current = restore;
  const layout = useMemo<Layout>(
    () => ({
      name: 'trash',
      facts: TRASH_FACTS,
      note: (entry) => (
        <>
          Deleted <Ago at={String(entry['deleted_at'])} /> · kept until{' '}
          <Ago at={String(entry['expires_at'])} />
        </>
      ),
      button: {
        label: 'Restore',
        icon: 'restore',
        busy: ({ id }) => busy.includes(id),
        run: (entry) => void latest.current(entry),
      },
      ...(has('delete', 'purge') && {
        menu: (entry: Resource) => [
          { label: 'Delete for good', icon: 'trash', danger: true, run: () => setPurging(entry) },
        ],
      }),
    }),
    [busy],
  );
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
        layout={layout}
        sub={sub}
        selection={selection}
        selected={(rows) => <Selected selection={selection} rows={rows} lists={lists} bar={TrashBar} />}
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

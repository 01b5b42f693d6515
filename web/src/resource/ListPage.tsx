/** The list of resources, and the open one above it. */
import type { Resource } from '../api/client';
import { capitalised, collection, has, service, trash } from '../contract/service';
import { useServices } from '../services';
import { Icon } from '../ui/parts';
import { nameOf } from '../list/content';
import type { Lists } from '../list/list';
import { deleteEntries } from './delete';
import { Drawer } from './Drawer';
import { Entries } from './Entries';
import type { Layout } from './Table';
import { Transfer, TransferButtons } from '../transfer/Transfer';

interface Props {
  lists: Lists;
  open: null | 'new' | { id: string };
  sub: string;
}

export function ListPage({ lists, open, sub }: Props) {
  const services = useServices();
  const remove = (entry: Resource) => void deleteEntries({ ...services, lists }, [entry]);
  const layout: Layout = {
    times: [
      { title: 'Created', property: 'created_at', sorted: true },
      { title: 'Updated', property: 'updated_at' },
    ],
    path: ({ id }) => `${collection}/${id}`,
    actions: (entry) => (
      <button
        type="button"
        class="quiet square"
        aria-label={`Delete ${nameOf(entry)}`}
        title="Delete"
        onClick={() => remove(entry)}
      >
        <Icon name="trash" />
      </button>
    ),
  };
  return (
    <section class="page">
      <Entries
        list={lists.present}
        what={service.plural}
        searchKey={`search:${sub}`}
        layout={layout}
        heading={capitalised(service.plural)}
        action={
          <a class="button primary" href={`${collection}/new`}>
            <Icon name="plus" />
            New {service.singular}
          </a>
        }
        more={
          <>
            <TransferButtons />
            {has('restore') && (
              <a class="button" href={trash}>
                <Icon name="trash" />
                Trash
              </a>
            )}
          </>
        }
        empty={<Empty />}
      />
      <Transfer list={lists.present} sub={sub} shown={null} selected={() => []} />
      {open && (
        <Drawer key={JSON.stringify(open)} list={lists.present} open={open} sub={sub} onDelete={remove} />
      )}
    </section>
  );
}

function Empty() {
  return (
    <>
      <h2>No {service.plural} yet</h2>
      <p>Start with what you know, and add the rest later.</p>
      <a class="button primary" href={`${collection}/new`}>
        <Icon name="plus" />
        Create your first {service.singular}
      </a>
      <p class="help">
        Or create {service.plural} from a program: see the <a href="/reference">API reference</a>.
      </p>
    </>
  );
}

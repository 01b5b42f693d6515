/** The list of resources, and the open one above it. */
import { useState } from 'preact/hooks';
import type { Resource } from '../api/client';
import { capitalised, collection, has, service, trash } from '../contract/service';
import { Icon } from '../ui/parts';
import { closeTo } from '../ui/router';
import { nameOf } from '../list/content';
import type { Lists } from '../list/list';
import { DeleteDialog } from './DeleteDialog';
import { Drawer } from './Drawer';
import { Entries } from './Entries';
import type { Layout } from './Table';

interface Props {
  lists: Lists;
  open: null | 'new' | { id: string };
  sub: string;
}

export function ListPage({ lists, open, sub }: Props) {
  const [deleting, setDeleting] = useState<Resource | null>(null);
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
        onClick={() => setDeleting(entry)}
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
          has('restore') && (
            <a class="button" href={trash}>
              <Icon name="trash" />
              Trash
            </a>
          )
        }
        empty={<Empty />}
      />
      {open && (
        <Drawer
          key={JSON.stringify(open)}
          list={lists.present}
          open={open}
          sub={sub}
          onDelete={setDeleting}
        />
      )}
      {deleting && (
        <DeleteDialog
          resource={deleting}
          lists={lists}
          onClose={() => setDeleting(null)}
          onDeleted={() => open && closeTo('/')}
        />
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

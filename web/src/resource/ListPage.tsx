/** The list of resources, and the open one above it. */
import { useMemo, useState } from 'preact/hooks';
import type { Resource } from '../api/client';
import { capitalised, collection, has, service, trash } from '../contract/service';
import { useServices } from '../services';
import { Icon } from '../ui/parts';
import { openApart } from '../ui/router';
import type { Lists, ResourceList } from '../list/list';
import { chosen, Selection } from '../list/selection';
import { needsAll, shown } from '../list/view';
import { useView } from './useView';
import { FACTS } from './columns';
import { deleteEntries } from './delete';
import { Entries } from './Entries';
import { draftNote } from './kept';
import { KeptDrafts } from './KeptDrafts';
import { OpenPanel, preparePanel } from './OpenPanel';
import { ImportButton, Transfer, TransferButtons } from '../transfer/Transfer';
import type { Layout } from './layout';
import { BulkBar, Selected } from './Selected';

interface Props {
  lists: Lists;
  open: null | 'new' | { id: string };
  sub: string;
}

export function ListPage({ lists, open, sub }: Props) {
  const services = useServices();
  const [selection] = useState(() => new Selection());
  const remove = (entry: Resource) =>
    void deleteEntries({ ...services, lists }, [entry], draftNote(sub, [entry.id]));
  const layout = useMemo<Layout>(
    () => ({
      name: 'list',
      facts: FACTS,
      path: ({ id }) => `${collection}/${id}`,
      menu: (entry) => [
        { label: 'Open in a new tab', icon: 'open', run: () => openApart(`${collection}/${entry.id}`) },
        { label: 'Delete', icon: 'trash', danger: true, run: () => remove(entry) },
      ],
    }),
    [services],
  );
  return (
    <section class="page" onPointerOver={preparePanel} onFocusIn={preparePanel}>
      <Entries
        list={lists.present}
        what={service.plural}
        layout={layout}
        sub={sub}
        current={open && open !== 'new' ? open.id : null}
        selection={selection}
        selected={(rows) => <Selected selection={selection} rows={rows} lists={lists} bar={BulkBar} />}
        heading={capitalised(service.plural)}
        action={
          <>
            <KeptDrafts sub={sub} open={open} />
            <a class="button primary" href={`${collection}/new`}>
              <Icon name="plus" />
              New {service.singular}
            </a>
          </>
        }
        menu={
          <>
            <TransferButtons />
            {has('restore') && (
              <a class="button narrow" href={trash}>
                <Icon name="trash" />
                Trash
              </a>
            )}
          </>
        }
        tools={
          has('restore') && (
            <a class="button quiet wide" href={trash}>
              <Icon name="trash" />
              Trash
            </a>
          )
        }
        empty={<Empty />}
      />
      <Transfers list={lists.present} sub={sub} selection={selection} />
      <OpenPanel list={lists.present} open={open} sub={sub} onDelete={remove} />
    </section>
  );
}

/** Follows the view, so that the page does not have to. */
function Transfers({ list, sub, selection }: { list: ResourceList; sub: string; selection: Selection }) {
  const [view] = useView();
  const narrow = (entries: Resource[]) => shown(entries, view);
  const selected = () => chosen(selection.store.state, narrow(list.store.state.entries));
  return <Transfer list={list} sub={sub} shown={needsAll(view) ? narrow : null} selected={selected} />;
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
      <ImportButton />
      <p class="help">
        Or create {service.plural} from a program: see the <a href="/reference">API reference</a>.
      </p>
    </>
  );
}

/** Brings back what was deleted, and reports in a notice how that went and what can be done next. */
import type { Api, Resource } from '../api/client';
import { SessionEnded, messageOf } from '../api/problem';
import { collection, service, trash } from '../contract/service';
import { Quoted } from '../ui/parts';
import { go } from '../ui/router';
import { toast } from '../ui/toasts';
import { contentOf, nameOf } from '../list/content';
import type { Lists } from '../list/list';
import { restore } from './restore';
import { create, DeletedSince } from './save';

/** What deleting needs of the page. */
export interface Deleting {
  api: Api;
  lists: Lists;
  /** For how many days a deleted resource can be restored; 0 if it cannot. */
  trashDays: number;
}

/** Restore what was deleted at this version, with its ID. */
export async function bringBack(api: Api, lists: Lists, deleted: Resource): Promise<void> {
  const name = <Quoted text={nameOf(deleted)} />;
  try {
    const { outcome, resource } = await restore(api, deleted.id, deleted.version);
    if (outcome !== 'changed') lists.trash.remove(deleted);
    if (resource) {
      lists.present.put(resource);
      toast(outcome === 'live' ? <>{name} was already restored elsewhere.</> : <>Restored {name}.</>, {
        label: 'Open',
        run: () => go(`${collection}/${resource.id}`),
      });
    } else if (outcome === 'changed') {
      changed(lists, deleted, 'restored');
    } else {
      toast(
        <>{name} cannot be restored: its time in the trash is over, or it was deleted for good elsewhere.</>,
        { label: 'Create it again', run: () => void createAgain(api, lists, deleted) },
      );
    }
  } catch (error) {
    if (error instanceof SessionEnded) return;
    toast(
      <>
        {name} was not restored. {messageOf(error)}
      </>,
      { label: 'Try again', run: () => void bringBack(api, lists, deleted) },
    );
  }
}

/** Report that a resource in the trash has another version by now, and show it. */
export function changed(lists: Lists, deleted: Resource, wanted: 'restored' | 'deleted for good'): void {
  const here = location.pathname === trash;
  if (here) void lists.trash.load();
  toast(
    <>
      <Quoted text={nameOf(deleted)} /> was not {wanted}. It was restored, changed and deleted again
      elsewhere. {here && 'The trash now shows its latest version.'}
    </>,
    here ? undefined : { label: 'Open the trash', run: () => go(trash) },
  );
}

/** Create a resource with the content of one that was deleted. */
export async function createAgain(
  api: Api,
  lists: Lists,
  deleted: Resource,
  key = crypto.randomUUID(),
): Promise<void> {
  try {
    const made = await create(api, contentOf(deleted), key, []);
    lists.present.put(made);
    toast(
      <>
        Created <Quoted text={nameOf(made)} /> again, as a new {service.singular}.
      </>,
      { label: 'Open', run: () => go(`${collection}/${made.id}`) },
    );
  } catch (error) {
    if (error instanceof SessionEnded) return;
    const next = error instanceof DeletedSince ? undefined : key;
    toast(
      <>
        <Quoted text={nameOf(deleted)} /> could not be created again. {messageOf(error)}
      </>,
      { label: 'Try again', run: () => void createAgain(api, lists, deleted, next) },
    );
  }
}

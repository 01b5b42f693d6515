/** Deletes, restores, purges and edits many resources, each as a job, and reports how that went. Knows no table and no dialog. */
import type { Resource } from '../../api/client';
import { Refused } from '../../api/problem';
import { counted, service } from '../../contract/service';
import { newFaults } from '../../contract/validate';
import { type Json, own, present, same } from '../../json/value';
import { toast } from '../../ui/toasts';
import { offerUndo, undoable } from '../../ui/undo';
import { contentOf, placeOf, schema } from '../../list/content';
import type { Deleting } from '../recovery';
import { live, restore } from '../restore';
import { change, Conflict } from '../save';
import { type Edit, edited } from './edits';
import { Changed, Final, start } from './tasks';

type Page = Pick<Deleting, 'api' | 'lists'>;

const TRIES = 3; // of an edit on versions that keep changing

export async function deleteMany(page: Deleting, entries: readonly Resource[]): Promise<void> {
  const { api, lists, trashDays } = page;
  const work = start(entries, {
    words: { doing: 'Deleting', not: 'not deleted' },
    act: async (entry) => {
      await api.remove(entry.id, entry.version).catch((reason: unknown) => refused(page, entry, reason));
      lists.present.remove(entry);
      return entry;
    },
    after: (deleted) => {
      const text = `Deleted ${counted(deleted.length)}.`;
      if (trashDays) offerUndo(text, () => void restoreMany(page, deleted));
      else toast(text);
    },
  });
  await undoable(work);
}

export async function restoreMany(page: Page, deleted: readonly Resource[]): Promise<void> {
  const { api, lists } = page;
  await start(deleted, {
    words: { doing: 'Restoring', not: 'not restored' },
    act: async (entry) => {
      const { outcome, resource } = await restore(api, entry.id, entry.version);
      if (outcome === 'changed') throw new Final('It was restored, changed and deleted again elsewhere.');
      lists.trash.remove(entry);
      if (!resource) throw new Final('Its time in the trash is over, or it was deleted for good elsewhere.');
      lists.present.put(resource);
      return resource;
    },
    after: (restored) => toast(`Restored ${counted(restored.length)}.`),
  });
}

/** Delete for good what is in the trash. */
export async function purgeMany(page: Page, deleted: readonly Resource[]): Promise<void> {
  const { api, lists } = page;
  await start(deleted, {
    words: { doing: 'Deleting', not: 'not deleted for good' },
    act: async (entry) => {
      await api.remove(entry.id, entry.version, true).catch(async (reason: unknown) => {
        if (!(reason instanceof Refused) || ![404, 412].includes(reason.status)) throw reason;
        const present = await live(api, entry.id);
        if (!present && reason.status === 412)
          throw new Final(
            'It was restored, changed and deleted again elsewhere. Reload to see its latest version.',
          );
        lists.trash.remove(entry);
        if (present) lists.present.put(present);
        throw new Final(present ? 'It was restored elsewhere.' : 'It was already deleted for good.');
      });
      lists.trash.remove(entry);
      return entry;
    },
    after: (purged) => toast(`Deleted ${counted(purged.length)} for good.`),
  });
}

interface Made {
  before: Json;
  saved: Resource;
}

export async function editMany(page: Page, entries: readonly Resource[], edit: Edit): Promise<void> {
  const { lists } = page;
  const work = start(entries, {
    words: { doing: 'Changing', not: 'not changed' },
    act: (entry) => editOne(page, lists.present.find(entry.id) ?? entry, edit),
    after: (results) => {
      const made = results.filter((one): one is Made => one !== null);
      if (made.length)
        offerUndo(`${whatWas(edit)} ${counted(made.length)}.`, () => void revertMany(page, made, edit));
      else toast(`Nothing to change: ${counted(results.length)} had that already.`);
    },
  });
  await undoable(work);
}

/** Make the edit on the current version. What was changed elsewhere meanwhile is kept; null if there is nothing to do. */
async function editOne(page: Page, entry: Resource, edit: Edit): Promise<Made | null> {
  let now = entry;
  for (let tries = 1; ; tries++) {
    const before = contentOf(now);
    const content = edited(before, edit);
    if (content === before) return null;
    const [fault] = newFaults(content, schema, before);
    if (fault) throw new Final(`${placeOf(fault.pointer) || `The ${service.singular}`} ${fault.detail}.`);
    try {
      const saved = await change(page.api, now.id, before, content, now.version);
      page.lists.present.put(saved);
      return { before, saved };
    } catch (reason) {
      if (!(reason instanceof Conflict)) return refused(page, now, reason);
      now = reason.theirs;
      page.lists.present.seen(now);
      if (tries === TRIES) throw new Changed(now);
    }
  }
}

/** Give the field of an edit the value that it had before, and keep what was changed elsewhere since. */
async function revertMany(page: Page, made: readonly Made[], { field }: Edit): Promise<void> {
  const before = new Map(made.map((one) => [one.saved.id, own(one.before, field.name)]));
  const entries = made.map(({ saved }) => saved);
  await start(entries, {
    words: { doing: 'Undoing', not: 'not changed back' },
    act: (saved) => revertOne(page, saved, field.name, before.get(saved.id)),
    after: (results) => toast(`Changed back ${counted(results.length)}.`),
  });
}

async function revertOne(page: Page, saved: Resource, name: string, value: unknown): Promise<Resource> {
  let now = saved;
  for (let tries = 1; ; tries++) {
    const content = contentOf(now);
    if (!same(own(content, name), own(saved, name)) || tries > TRIES)
      throw new Final('It was changed again since.');
    try {
      const back = await change(
        page.api,
        now.id,
        content,
        present({ ...content, [name]: value }),
        now.version,
      );
      page.lists.present.put(back);
      return back;
    } catch (reason) {
      if (!(reason instanceof Conflict)) return refused(page, now, reason);
      now = reason.theirs;
      page.lists.present.seen(now);
    }
  }
}

/** Throw why a write failed, in a form that says whether to try again; the list shows the current state. */
async function refused({ api, lists }: Page, entry: Resource, reason: unknown): Promise<never> {
  if (!(reason instanceof Refused)) throw reason;
  const theirs = reason.status === 412 ? await live(api, entry.id) : null;
  if (theirs) {
    lists.present.seen(theirs);
    throw new Changed(theirs);
  }
  if (reason.status !== 404 && reason.status !== 412) throw reason;
  lists.present.remove(entry);
  throw new Final('It was deleted elsewhere.');
}

function whatWas({ field, how, value }: Edit): string {
  const text = String(value);
  if (how === 'add') return `Added “${text}” to ${field.title} of`;
  if (how === 'remove') return `Removed “${text}” from ${field.title} of`;
  return value === undefined ? `Cleared ${field.title} of` : `Set ${field.title} of`;
}

/** Deletes: at once where it can be undone, after a question where it cannot, and with the new content if it has changed. */
import type { Resource } from '../api/client';
import { Refused, SessionEnded, messageOf } from '../api/problem';
import { Store } from '../store';
import { Quoted } from '../ui/parts';
import { closeTo, routeOf } from '../ui/router';
import { toast } from '../ui/toasts';
import { offerUndo, undoable } from '../ui/undo';
import { nameOf } from '../list/content';
import { bringBack, createAgain, type Deleting } from './recovery';
import { live } from './restore';

/** A question that `DeleteDialog` asks before anything is deleted. */
export interface Question {
  entries: Resource[];
  /** Of a single one that has changed: its current version. */
  theirs?: Resource;
  /** What else is to be said, for example that something typed would be lost. */
  note?: string | undefined;
  page: Deleting;
}

export const question = new Store<Question | null>(null);

/** Delete these resources. `note` is added to what the user is told. */
export async function deleteEntries(page: Deleting, entries: Resource[], note?: string): Promise<void> {
  if (!page.trashDays) question.state = { entries, note, page };
  else await confirmed({ entries, note, page });
}

/** Delete what the user was asked about, or need not be asked about. */
export async function confirmed({ entries, theirs, note, page }: Question): Promise<void> {
  question.state = null;
  const [first, ...others] = entries;
  if (first && !others.length) {
    await undoable(deleteOne(page, theirs ?? first, note));
    return;
  }
  const { deleteMany } = await import('./bulk/many');
  await deleteMany(page, entries);
}

/** What is being deleted, by ID. */
const under = new Set<string>();

async function deleteOne(page: Deleting, entry: Resource, note = ''): Promise<void> {
  const { api, lists, trashDays } = page;
  if (under.has(entry.id)) return;
  under.add(entry.id);
  try {
    await api.remove(entry.id, entry.version);
  } catch (reason) {
    if (!(reason instanceof Refused && reason.status === 404)) {
      await kept(page, entry, reason, note);
      return;
    }
  } finally {
    under.delete(entry.id);
  }
  lists.present.remove(entry);
  leave(entry);
  setTimeout(keepFocus);
  const text = (
    <>
      Deleted <Quoted text={nameOf(entry)} />.{note && ` ${note}`}
    </>
  );
  if (trashDays) offerUndo(text, () => void bringBack(api, lists, entry));
  else toast(text, { label: 'Create it again', run: () => void createAgain(api, lists, entry) });
}

/** Give the focus a place if it was in the row that is gone and the table did not move it on. */
function keepFocus(): void {
  if (document.activeElement === document.body) document.getElementById('main')?.focus();
}

/** Close what was deleted, if it is open. */
function leave({ id }: Resource): void {
  const route = routeOf(location.pathname);
  if (route.page === 'list' && route.open !== null && route.open !== 'new' && route.open.id === id)
    closeTo('/');
}

/** Report why something was not deleted; if it has changed, ask with its new content. */
async function kept(page: Deleting, entry: Resource, reason: unknown, note: string): Promise<void> {
  if (reason instanceof SessionEnded) return;
  const name = <Quoted text={nameOf(entry)} />;
  let why = reason;
  if (reason instanceof Refused && reason.status === 412) {
    try {
      const theirs = await live(page.api, entry.id);
      if (theirs) {
        page.lists.present.seen(theirs);
        question.state = { entries: [entry], theirs, note, page };
      } else {
        page.lists.present.remove(entry);
        leave(entry);
        toast(<>{name} was changed elsewhere, and deleted there.</>);
      }
      return;
    } catch (error) {
      why = error;
    }
  }
  toast(
    <>
      {name} was not deleted. {messageOf(why)}
    </>,
    { label: 'Try again', run: () => void deleteEntries(page, [entry], note) },
  );
}

/** Asks before something is deleted that cannot be restored, or that has changed since it was shown. */
import type { Resource } from '../api/client';
import { counted, service } from '../contract/service';
import { Dialog, Quoted } from '../ui/parts';
import { nameOf } from '../list/content';
import { Changes } from './Changes';
import { confirmed, question, type Question } from './delete';
import './DeleteDialog.css';

const NAMED = 5; // of many; the others are counted

export default function DeleteDialog({ asked }: { asked: Question }) {
  const { entries, theirs, note, page } = asked;
  const close = () => {
    question.state = null;
  };
  const one = entries.length === 1 ? entries[0] : undefined;
  const title = one ? (
    <>
      Delete <Quoted text={nameOf(theirs ?? one)} />?
    </>
  ) : (
    `Delete ${counted(entries.length)}?`
  );
  return (
    <Dialog title={title} kind="box" onClose={close}>
      {one && theirs && <Changed one={one} theirs={theirs} />}
      {!one && <Names entries={entries} />}
      <p>{outcome(entries.length, page.trashDays)}</p>
      {note && <p class="notice">{note}</p>}
      <div class="actions">
        <button type="button" onClick={close}>
          {one ? 'Keep it' : 'Keep them'}
        </button>
        <button type="button" class="danger" onClick={() => void confirmed(asked)}>
          {theirs ? `Delete version ${theirs.version}` : one ? 'Delete' : `Delete ${counted(entries.length)}`}
        </button>
      </div>
    </Dialog>
  );
}

function outcome(count: number, days: number): string {
  if (days) {
    return `You can restore ${count === 1 ? 'it' : 'them'} from the trash for ${days} ${days === 1 ? 'day' : 'days'}.`;
  }
  return count === 1
    ? `This permanently deletes the ${service.singular} and its ID. You can create it again afterwards, but with a new ID.`
    : `This permanently deletes these ${service.plural} and their IDs.`;
}

function Changed({ one, theirs }: { one: Resource; theirs: Resource }) {
  return (
    <>
      <p class="notice error" role="alert">
        The {service.singular} has changed since you opened it and is now at version {theirs.version}. It was
        not deleted.
      </p>
      <Changes before={one} after={theirs} />
    </>
  );
}

function Names({ entries }: { entries: Resource[] }) {
  const more = entries.length - NAMED;
  return (
    <ul class="named">
      {entries.slice(0, NAMED).map((entry) => (
        <li key={entry.id} dir="auto">
          {nameOf(entry)}
        </li>
      ))}
      {more > 0 && <li class="help">and {more.toLocaleString()} more</li>}
    </ul>
  );
}

/** What the reader of an open resource has to know: a draft that was found, what went wrong, what changed elsewhere. */
import { messageOf } from '../api/problem';
import { has, service, trash } from '../contract/service';
import type { Fault } from '../contract/validate';
import { unplaced } from '../form/faulty';
import { fields } from '../list/content';
import { useStore } from '../store';
import { type Editor, top } from './editor';
import { DeletedSince } from './save';

export function Notices({ editor }: { editor: Editor }) {
  const { resource, draft, restored, missing, error, faults, full } = useStore(editor.store);
  const outdated = !missing && resource && draft.version !== null && draft.version < resource.version;
  return (
    <>
      {restored && !missing && <p class="notice">Your unsaved changes were restored.</p>}
      {full && (
        <p class="notice warn" role="alert">
          This browser has no room for a draft. Save before you close this page.
        </p>
      )}
      {outdated && (
        <p class="notice" role="status">
          This {service.singular} has changed elsewhere since you began. If you save, you see both versions
          first.
        </p>
      )}
      {missing && <Missing editor={editor} />}
      {error !== null && <Failure editor={editor} error={error} />}
      {faults.length > 0 && <Faults faults={faults} />}
    </>
  );
}

function Missing({ editor }: { editor: Editor }) {
  const { resource } = editor.store.state;
  const gone = `This ${service.singular} was deleted elsewhere.`;
  return (
    <p class="notice error" role="alert">
      {editor.changed
        ? `${gone} You can save your changes as a new ${service.singular}.`
        : resource
          ? gone
          : `You have no ${service.singular} with this ID. It may have been deleted.`}
      <ToTrash />
    </p>
  );
}

function ToTrash() {
  if (!has('restore')) return null;
  return (
    <a class="button small" href={trash}>
      Look in the trash
    </a>
  );
}

function Failure({ editor, error }: { editor: Editor; error: unknown }) {
  const { resource } = editor.store.state;
  const unread = editor.id !== null && !resource;
  return (
    <p class="notice error" role="alert">
      {unread ? `The ${service.singular} could not be loaded. ` : 'Not saved. '}
      {messageOf(error)} {!unread && 'Your changes are kept.'}
      {error instanceof DeletedSince && <ToTrash />}
      {unread && (
        <button type="button" class="small" onClick={() => void editor.read()}>
          Try again
        </button>
      )}
    </p>
  );
}

function Faults({ faults }: { faults: Fault[] }) {
  const others = unplaced(fields, faults);
  return (
    <div class="notice error" role="alert">
      {toFix(faults.filter((fault) => !others.includes(fault)))}
      {others.length > 0 && (
        <ul>
          {others.map((fault) => (
            <li key={fault.pointer}>
              {fault.pointer || `The ${service.singular}`} {fault.detail}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function toFix(faults: Fault[]): string {
  const count = new Set(faults.map(({ pointer }) => top(pointer))).size;
  if (count === 0) return `The ${service.singular} is not valid.`;
  return count === 1 ? 'Fix 1 field.' : `Fix ${count} fields.`;
}

/** One resource: its form, its facts, and saving it. */
import { Suspense } from 'preact/compat';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Resource } from '../api/client';
import { Refused, SessionEnded, Stopped, messageOf } from '../api/problem';
import { capitalised, collection, has, service, trash } from '../contract/service';
import type { Fault } from '../contract/validate';
import { focusFault, halfTyped, judged, remaining, unplaced } from '../form/faulty';
import { Form } from '../form/Form';
import { type Raws, rawOf, valueOf } from '../form/raw';
import { type Json, same, stepsOf, write } from '../json/value';
import { useServices } from '../services';
import { useStore } from '../store';
import { later } from '../ui/later';
import { Dialog, Icon, Quoted, useTitle } from '../ui/parts';
import { closeTo, go } from '../ui/router';
import { toast } from '../ui/toasts';
import { ApiCalls } from './ApiCalls';
import { contentOf, fields, nameOf, schema } from '../list/content';
import { type Draft, Drafts } from './drafts';
import { Facts, Loading } from './Facts';
import type { ResourceList } from '../list/list';
import { Conflict, change, create, DeletedSince, Incomplete } from './save';
import './Drawer.css';

const ConflictDialog = later(() => import('./ConflictDialog'));

interface Props {
  list: ResourceList;
  open: 'new' | { id: string };
  sub: string;
  onDelete: (resource: Resource) => void;
}

const fresh = (base: Json, version: number | null): Draft => {
  return { raw: rawOf(fields, base), base, version, key: crypto.randomUUID(), sent: [] };
};

const isChanged = ({ raw, base }: Draft) => !same(raw, rawOf(fields, base));

export function Drawer({ list, open, sub, onDelete }: Props) {
  const { api } = useServices();
  const id = open === 'new' ? null : open.id;
  const name = id ?? 'new';
  const path = `${collection}/${name}`;
  const [drafts] = useState(() => new Drafts(sub));
  const [resource, setResource] = useState<Resource | null>(() => (id && list.find(id)) || null);
  const [kept, setKept] = useState(() => drafts.read(name));
  const [draft, setDraft] = useState<Draft>(
    () => kept ?? fresh(resource ? contentOf(resource) : {}, resource?.version ?? null),
  );
  const [faults, setFaults] = useState<Fault[]>([]);
  const [error, setError] = useState<unknown>(null);
  const [missing, setMissing] = useState(false);
  const [conflict, setConflict] = useState<Conflict | null>(null);
  const [busy, setBusy] = useState(false);
  const saving = useRef(false);
  const shown = useRef(true); // the drawer may be closed while a save waits for the network
  const form = useRef<HTMLFormElement>(null);
  const calls = useStore(api.calls).filter((call) => call.about === name);
  const changed = isChanged(draft);

  const read = async () => {
    if (!id) return;
    setError(null);
    try {
      const newest = await api.get(id, resource?.version);
      if (newest) {
        setResource(newest);
        list.seen(newest);
        setDraft((current) => {
          if (!isChanged(current)) return fresh(contentOf(newest), newest.version);
          // Keep what was typed meanwhile. If it is based on other content, so is its version: saving it then reports a conflict.
          return same(contentOf(newest), current.base) ? { ...current, version: newest.version } : current;
        });
      }
    } catch (reason) {
      if (reason instanceof Refused && reason.status === 404) deleted();
      else if (!resource) setError(reason); // otherwise show it as the list has it; a save checks its version
    }
  };
  const deleted = () => {
    setMissing(true);
    if (resource) list.remove(resource);
  };
  useEffect(() => void read(), []);
  useEffect(() => () => void (shown.current = false), []);
  // A layout effect, as in Dialog: a later effect may run before the dialog opens, and then nothing takes the focus.
  useLayoutEffect(() => {
    if (!kept && !resource) form.current?.querySelector<HTMLElement>('input, textarea, select')?.focus();
  }, []);

  const created = !id || missing;
  const type = (raw: Raws) => {
    const next = { ...draft, raw };
    setDraft(next);
    drafts.keep(name, next);
    setFaults((before) =>
      remaining(before, draft.raw, raw, () => judged(fields, schema, raw, draft.base, created).faults),
    );
  };
  const discard = () => {
    drafts.drop(name);
    setKept(null);
    setFaults([]);
    setDraft(fresh(resource ? contentOf(resource) : {}, resource?.version ?? null));
  };
  const close = () => {
    if (changed) toast('Your changes are kept in this tab.', back);
    else drafts.drop(name);
    closeTo('/');
  };
  const back = { label: 'Continue editing', run: () => go(path) };
  const done = (saved: Resource, what: string, undo?: () => void) => {
    drafts.drop(name);
    list.put(saved);
    const text = (
      <>
        {what} <Quoted text={nameOf(saved)} />.
      </>
    );
    toast(
      text,
      undo ? { label: 'Undo', run: undo } : { label: 'Open', run: () => go(`${collection}/${saved.id}`) },
    );
    if (shown.current) closeTo('/');
  };

  const save = async (content: Json, base: Json, version: number | null) => {
    if (saving.current) return;
    saving.current = true;
    setBusy(true);
    setError(null);
    try {
      if (!id || version === null || missing) {
        const sent = [...new Set([write(content), ...draft.sent])];
        drafts.keep(name, { ...draft, sent });
        setDraft({ ...draft, sent });
        const made = await create(api, content, draft.key, draft.sent);
        done(made, 'Created');
      } else if (same(content, base)) {
        drafts.drop(name);
        closeTo('/');
      } else {
        const saved = await change(api, id, base, content, version);
        const undo = async () => {
          try {
            list.put(await change(api, id, contentOf(saved), base, saved.version));
            toast(
              <>
                Restored <Quoted text={nameOf({ ...base, id: saved.id })} />.
              </>,
            );
          } catch (reason) {
            toast(`The change was not undone. ${messageOf(reason)}`);
          }
        };
        done(saved, 'Saved', () => void undo());
      }
    } catch (reason) {
      failed(reason);
    }
    saving.current = false;
    setBusy(false);
  };
  const failed = (reason: unknown) => {
    if (reason instanceof SessionEnded) return;
    if (!shown.current) {
      toast(`Not saved. ${messageOf(reason)}`, back);
      return;
    }
    if (reason instanceof Conflict) {
      list.seen(reason.theirs);
      setConflict(reason);
      return;
    }
    if (reason instanceof DeletedSince) {
      const next = { ...draft, key: crypto.randomUUID(), sent: [] };
      setDraft(next);
      drafts.keep(name, next);
    }
    if (id && reason instanceof Refused && reason.status === 404) deleted();
    else if (reason instanceof Refused && reason.problem.errors?.length) {
      show(reason.problem.errors.map(({ pointer = '', detail }) => ({ pointer, detail })));
      return;
    } else {
      if (reason instanceof Incomplete) show(reason.faults);
      setError(reason instanceof Stopped ? reason.reason : reason);
    }
  };
  const show = (all: Fault[]) => {
    setFaults(all);
    setTimeout(() => form.current && focusFault(form.current));
  };
  const submit = (event: Event) => {
    event.preventDefault();
    const { value, faults: wrong } = judged(fields, schema, draft.raw, draft.base, created);
    const all = [...(form.current ? halfTyped(form.current) : []), ...wrong];
    if (all.length) show(all);
    else void save(value, draft.base, draft.version);
  };

  const title = id
    ? resource
      ? nameOf(resource)
      : missing
        ? 'Not found'
        : capitalised(service.singular)
    : `New ${service.singular}`;
  const others = unplaced(fields, faults);
  const toTrash = has('restore') && (
    <a class="button small" href={trash}>
      Look in the trash
    </a>
  );
  useTitle(title);
  return (
    <Dialog title={title} kind="drawer" onClose={close}>
      <form ref={form} noValidate onSubmit={submit} aria-busy={busy}>
        <div class="body">
          {kept && !missing && (
            <p class="notice">
              Your unsaved changes were restored.
              <button type="button" class="small" onClick={discard}>
                Discard changes
              </button>
            </p>
          )}
          {missing && (
            <p class="notice error" role="alert">
              {changed
                ? `This ${service.singular} was deleted elsewhere. You can save your changes as a new ${service.singular}.`
                : `You have no ${service.singular} with this ID. It may have been deleted.`}
              {toTrash}
            </p>
          )}
          {error !== null && (
            <p class="notice error" role="alert">
              {resource || !id ? 'Not saved. ' : `The ${service.singular} could not be loaded. `}
              {messageOf(error)} {(resource || !id) && 'Your changes are kept.'}
              {error instanceof DeletedSince && toTrash}
              {!resource && id && (
                <button type="button" class="small" onClick={() => void read()}>
                  Try again
                </button>
              )}
            </p>
          )}
          {faults.length > 0 && (
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
          )}
          {(!id || resource || kept) && (!missing || changed) && (
            <Form fields={fields} raw={draft.raw} faults={faults} onChange={type} />
          )}
          {id && !resource && !missing && error === null && !kept && <Loading />}
          {resource && <Facts resource={resource} />}
          {calls.length > 0 && <ApiCalls calls={calls} />}
        </div>
        <footer>
          {resource && !missing && (
            <button type="button" class="quiet danger-text" onClick={() => onDelete(resource)}>
              <Icon name="trash" />
              Delete
            </button>
          )}
          <span class="space" />
          <button type="button" onClick={close}>
            {changed ? 'Cancel' : 'Close'}
          </button>
          {(!missing || changed) && (
            <button type="submit" class="primary" disabled={busy || (!!id && !resource && !kept)}>
              {busy ? 'Saving…' : missing ? `Save as a new ${service.singular}` : id ? 'Save' : 'Create'}
            </button>
          )}
        </footer>
      </form>
      {conflict && (
        <Suspense fallback={null}>
          <ConflictDialog
            theirs={conflict.theirs}
            base={draft.base}
            mine={valueOf(fields, draft.raw, draft.base).value}
            onClose={() => setConflict(null)}
            onChoose={(content) => {
              const now = contentOf(conflict.theirs);
              const next = {
                ...draft,
                base: now,
                version: conflict.theirs.version,
                raw: rawOf(fields, content),
              };
              setConflict(null);
              setResource(conflict.theirs);
              setDraft(next);
              drafts.keep(name, next);
              void save(content, now, conflict.theirs.version);
            }}
          />
        </Suspense>
      )}
    </Dialog>
  );
}

function toFix(faults: Fault[]): string {
  const count = new Set(faults.map(({ pointer }) => top(pointer))).size;
  if (count === 0) return `The ${service.singular} is not valid.`;
  return count === 1 ? 'Fix 1 field.' : `Fix ${count} fields.`;
}

/** Return the top-level field that a pointer is in. */
function top(pointer: string): string {
  return stepsOf(pointer)[0] ?? '';
}

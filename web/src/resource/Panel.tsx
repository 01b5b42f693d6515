/** The open resource, or a new one: keeps its editor while the address changes, and reports what was saved. Knows no field. */
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { Resource } from '../api/client';
import { messageOf } from '../api/problem';
import { capitalised, collection, service } from '../contract/service';
import type { ResourceList } from '../list/list';
import { useServices } from '../services';
import { useStore } from '../store';
import { Quoted, useTitle } from '../ui/parts';
import { closeTo, go } from '../ui/router';
import { toast } from '../ui/toasts';
import { composed, finish, remember, resume, taken } from './compose';
import { nameOf } from '../list/content';
import { draftsOf } from './drafts';
import { Editor, type Saved } from './editor';
import { focusField, PanelBody } from './PanelBody';
import { PanelFrame, isWide } from './PanelFrame';
import { PanelTools } from './PanelTools';
import { reportSaved } from './undoSave';

const MOMENT = 500; // ms

export interface PanelProps {
  list: ResourceList;
  /** As the list shows them, for the next and the previous one. */
  entries: Resource[];
  open: 'new' | { id: string };
  sub: string;
  onDelete: (resource: Resource) => void;
}

interface Held {
  editor: Editor;
  /** What the address said when it was opened. */
  as: string | null;
  /** Of `composed`. */
  number: number;
}

export default function Panel({ list, entries, open, sub, onDelete }: PanelProps) {
  const { api } = useServices();
  const drafts = draftsOf(sub);
  const number = useStore(composed);
  const id = open === 'new' ? null : open.id;
  const held = useRef<Held | null>(null);
  const stays = (one: Held) =>
    (one.as === id || one.editor.id === id) && (id !== null || one.number === number);
  if (!held.current || !stays(held.current)) {
    const kept = id === null ? taken(drafts) : drafts.latest(id);
    held.current = { editor: new Editor(api, list, drafts, id, kept), as: id, number };
  }
  held.current.as = id;
  return <Opened {...{ editor: held.current.editor, list, entries, onDelete }} />;
}

interface OpenedProps extends Pick<PanelProps, 'list' | 'entries' | 'onDelete'> {
  editor: Editor;
}

function Opened({ editor, list, entries, onDelete }: OpenedProps) {
  const { api, sessions, trashDays } = useServices();
  const { resource, draft, edited, missing, focus } = useStore(editor.store);
  const form = useRef<HTMLFormElement>(null);
  const listed = useStore(list.store);
  const { id, changed } = editor;
  const isShown = useShown(editor); // it may be closed while a save waits for the network
  // A layout effect, as in the frame: a later effect may run before the dialog opens, and then nothing takes the focus.
  useLayoutEffect(() => {
    if (focus === null) return;
    focusField(form.current, focus);
    editor.focused();
  }, [editor, focus]);
  const reads = !edited.length;
  useLayoutEffect(() => {
    // What had the focus may be gone: a control, the button that saves.
    if (reads && document.activeElement === document.body)
      document.querySelector<HTMLElement>('.drawer h2')?.focus();
  }, [editor, reads]);
  useEffect(() => void editor.read(), [editor]);
  const wasListed = useRef<Editor | null>(null);
  useEffect(() => {
    const newest = id === null ? undefined : list.find(id);
    if (newest) {
      wasListed.current = editor;
      editor.show(newest);
    }
    if (newest || wasListed.current !== editor) return;
    // It left the list: deleted elsewhere, or beyond what is loaded now. What deletes it here closes it meanwhile.
    const timer = setTimeout(() => {
      wasListed.current = null;
      void editor.read();
    }, MOMENT);
    return () => clearTimeout(timer);
  }, [editor, listed]);
  useEffect(() => {
    if (id === null) remember(draft);
    else finish();
  }, [id, draft.id]);
  // A layout effect: a tab may be closed right after the first key.
  useLayoutEffect(() => {
    if (!changed) return;
    const warn = (event: BeforeUnloadEvent) => {
      if (sessions.store.state.state === 'in') event.preventDefault();
    };
    addEventListener('beforeunload', warn);
    return () => removeEventListener('beforeunload', warn);
  }, [changed]);

  /** Leave what is typed as a draft, and report that. */
  const leave = () => {
    finish();
    if (!editor.changed) return;
    editor.keep();
    const { draft: kept, full } = editor.store.state;
    if (full) toast('This browser has no room for the draft: it is lost when you close this page.');
    else toast('Draft kept.', { label: 'Continue editing', run: () => resume(kept) });
  };
  const close = () => {
    leave();
    closeTo('/');
  };
  const remove = (stored: Resource) => {
    finish();
    if (trashDays) closeTo('/'); // at once, because it can be undone
    onDelete(stored);
  };
  const saved = (result: Saved | null) => {
    if (!result) return;
    const { resource: now, before } = result;
    const stays = isShown() && (isWide() || editor.changed);
    if (before) reportSaved(api, list, now, before);
    else {
      toast(
        <>
          Created <Quoted text={nameOf(now)} />.
        </>,
        stays ? undefined : { label: 'Open', run: () => go(`${collection}/${now.id}`) },
      );
    }
    if (!isShown()) return;
    if (stays) go(`${collection}/${now.id}`, { replace: true });
    else closeTo('/');
  };
  const failed = () => {
    const { error, faults, conflict } = editor.store.state;
    if (isShown() || (error === null && !faults.length && !conflict)) return;
    toast(`Not saved. ${conflict ? conflict.message : messageOf(error)}`, {
      label: 'Continue editing',
      run: () => resume(editor.store.state.draft),
    });
  };
  const title = titleOf(editor.id, resource, missing);
  useTitle(title);
  return (
    <PanelFrame
      title={title}
      back={() => document.querySelector<HTMLElement>(`main a[href^="${collection}/${editor.id}"]`)}
      onClose={close}
      actions={<PanelTools scene={{ editor, list, entries, onDelete: remove, leave, close }} />}
    >
      <PanelBody key={editor.number} editor={editor} form={form} onSaved={saved} onFailed={failed} />
    </PanelFrame>
  );
}

/** Return a function that returns whether the panel still shows this editor. */
function useShown(editor: Editor): () => boolean {
  const shown = useRef<Editor | null>(editor);
  shown.current = editor;
  useEffect(() => () => void (shown.current = null), []);
  return () => shown.current === editor;
}

function titleOf(id: string | null, resource: Resource | null, missing: boolean): string {
  if (id === null) return `New ${service.singular}`;
  if (resource) return nameOf(resource);
  return missing ? 'Not found' : capitalised(service.singular);
}

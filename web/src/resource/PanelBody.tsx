/** What the open resource holds: values, controls for those that are edited, what went wrong, and saving. Knows no address. */
import { Suspense } from 'preact/compat';
import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';
import { service } from '../contract/service';
import { focusFault, halfTyped } from '../form/faulty';
import { Form } from '../form/Form';
import { valueOf } from '../form/raw';
import { own, type Json, pointerTo } from '../json/value';
import { fields, title } from '../list/content';
import { useStore } from '../store';
import { useCommands } from '../ui/commands';
import { later } from '../ui/later';
import { type Editing, type Editor, type Saved } from './editor';
import { Facts, Loading, Others } from './Facts';
import { Notices } from './PanelNotices';
import { Shown } from './Values';

const ConflictDialog = later(() => import('./ConflictDialog'));

interface Props {
  editor: Editor;
  form: RefObject<HTMLFormElement | null>;
  onSaved: (saved: Saved | null) => void;
  /** After an attempt to save that failed. */
  onFailed: () => void;
}

export function PanelBody({ editor, form, onSaved, onFailed }: Props) {
  const state = useStore(editor.store);
  const { resource, draft, edited, attempt, conflict, saving, missing } = state;
  const { changed } = editor;
  const finish = async (saving: Promise<Saved | null>) => {
    const saved = await saving;
    if (saved) onSaved(saved);
    else onFailed();
  };
  const save = () => void finish(editor.save(form.current ? halfTyped(form.current) : []));
  useEffect(() => {
    if (attempt && form.current) focusFault(form.current);
  }, [attempt]);
  useCommands(
    [
      {
        id: 'panel.save',
        label: editor.creates ? 'Create' : 'Save',
        keys: 'mod+enter',
        enabled: edited.length > 0,
        run: save,
      },
    ],
    form,
  );
  const ready = !missing || changed;
  return (
    <>
      <form
        ref={form}
        noValidate
        aria-busy={saving}
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <div class="body">
          {resource && <Facts resource={resource} />}
          <Notices editor={editor} />
          {ready && <Fields editor={editor} state={state} />}
          {resource && <Others resource={resource} />}
        </div>
        {edited.length > 0 && ready && <Footer editor={editor} />}
      </form>
      {conflict && (
        <Suspense fallback={null}>
          <ConflictDialog
            theirs={conflict.theirs}
            base={draft.base}
            mine={valueOf(fields, draft.raw, draft.base).value}
            onClose={() => editor.postpone()}
            onChoose={(content: Json) => void finish(editor.resolve(content))}
          />
        </Suspense>
      )}
    </>
  );
}

function Fields({ editor, state }: { editor: Editor; state: Editing }) {
  const { resource, draft, edited, faults, error } = state;
  if (editor.id !== null && !resource && !edited.length) return error === null ? <Loading /> : null;
  return (
    <>
      {fields.map((field) => {
        const value = own(draft.base, field.name);
        if (edited.includes(field.name)) {
          return (
            <Form
              key={field.name}
              fields={[field]}
              raw={draft.raw}
              faults={faults}
              onChange={(raw) => editor.type(raw)}
            />
          );
        }
        const heading =
          field === title && typeof value === 'string' && value.length < 80 && !value.includes('\n');
        return heading && !edited.length ? null : (
          <Shown key={field.name} field={field} value={value} onEdit={() => editor.edit([field.name])} />
        );
      })}
    </>
  );
}

function Footer({ editor }: { editor: Editor }) {
  const { saving, missing, full } = useStore(editor.store);
  const { changed } = editor;
  const label = missing ? `Save as a new ${service.singular}` : editor.id === null ? 'Create' : 'Save';
  return (
    <footer>
      {changed && (
        <button type="button" class="quiet" onClick={() => editor.discard()}>
          Discard changes
        </button>
      )}
      {!changed && editor.id !== null && (
        <button type="button" class="quiet" onClick={() => editor.view()}>
          Stop editing
        </button>
      )}
      <span class="help kept">{changed && !full && 'Draft kept'}</span>
      <button
        type="submit"
        class="primary"
        disabled={saving}
        title="Ctrl+Enter"
        aria-keyshortcuts="Control+Enter"
      >
        {saving ? 'Saving…' : label}
      </button>
    </footer>
  );
}

/** Move the focus to the control of a field; without a name, to the first. */
export function focusField(form: HTMLElement | null, name: string): void {
  const row = name ? form?.querySelector(`[data-field=${CSS.escape(pointerTo('', name))}]`) : form;
  row?.querySelector<HTMLElement>('.field :is(input, textarea, select, button)')?.focus();
}

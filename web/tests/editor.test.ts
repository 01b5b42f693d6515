import { expect, test } from 'vitest';
import type { Resource } from '../src/api/client';
import type { Json } from '../src/json/value';
import { Drafts } from '../src/resource/drafts';
import { Editor } from '../src/resource/editor';

const order = (version: number, more: Json = {}): Resource => ({
  ...{ id: 'id-1', version, created_at: '', updated_at: '', name: 'Lamp', quantity: 2 },
  ...more,
});

class Shelf {
  readonly length = 0;
  key = () => null;
  getItem = () => null;
  setItem = () => undefined;
  removeItem = () => undefined;
}

/** An API that responds when the test says so. */
function opened(id: string | null, stored?: Resource) {
  let respond: (made: Resource) => void = () => undefined;
  const later = () => new Promise<Resource>((resolve) => (respond = resolve));
  const sent: Json[] = [];
  const api = {
    get: later,
    create: (content: Json) => (sent.push(content), later()),
    patch: (_: string, content: Json) => (sent.push(content), later()),
    replace: (_: string, content: Json) => (sent.push(content), later()),
  };
  const list = { find: () => stored, put: () => undefined, seen: () => undefined, remove: () => undefined };
  const editor = new Editor(api, list, new Drafts('ann', new Shelf()), id, null);
  const type = (more: Json) =>
    editor.type({ ...editor.store.state.draft.raw, ...more } as typeof editor.store.state.draft.raw);
  return { editor, sent, type, respond: (made: Resource) => respond(made) };
}

test('what is typed while a create is under way stays, on what was created', async () => {
  const { editor, sent, type, respond } = opened(null);
  type({ name: 'Lamp' });
  const saving = editor.save();
  type({ note: 'Meanwhile' });
  respond({ id: 'id-1', version: 1, created_at: '', updated_at: '', ...sent[0] });
  expect((await saving)?.before).toBeNull();
  const { draft, edited } = editor.store.state;
  expect([editor.id, draft.version, draft.raw['name'], draft.raw['note']]).toEqual([
    'id-1',
    1,
    'Lamp',
    'Meanwhile',
  ]);
  expect([editor.changed, edited.length > 0]).toEqual([true, true]);
});

test('a save sends what was edited only, and shows what was saved', async () => {
  const { editor, sent, type, respond } = opened('id-1', order(1));
  editor.edit(['name']);
  type({ name: 'Lamp of brass' });
  const saving = editor.save();
  respond(order(2, { name: 'Lamp of brass' }));
  await saving;
  expect(sent).toEqual([{ name: 'Lamp of brass' }]);
  expect([editor.changed, editor.store.state.edited]).toEqual([false, []]);
});

test('a late answer of an older version is not shown', () => {
  const { editor } = opened('id-1', order(3));
  editor.show(order(2, { name: 'Old' }));
  expect(editor.store.state.resource?.['name']).toBe('Lamp');
  editor.show(order(4, { name: 'New' }));
  expect(editor.store.state.draft.raw['name']).toBe('New');
});

test('a newer version does not replace what is typed, and its save is a conflict', () => {
  const { editor, type } = opened('id-1', order(1));
  type({ name: 'Mine' });
  editor.show(order(2, { name: 'Theirs' }));
  const { draft, resource } = editor.store.state;
  expect([draft.raw['name'], draft.version, resource?.version]).toEqual(['Mine', 1, 2]);
});

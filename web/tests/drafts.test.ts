import { expect, test } from 'vitest';
import type { Resource } from '../src/api/client';
import { changedFields, draftName, draftOf, Drafts, isChanged } from '../src/resource/drafts';
import { keptBy } from '../src/resource/kept';

/** The storage of a browser, with room for so many characters in one entry. */
class Shelf {
  #texts = new Map<string, string>();

  constructor(private readonly room = Number.POSITIVE_INFINITY) {}

  get length(): number {
    return this.#texts.size;
  }
  key(index: number): string | null {
    return [...this.#texts.keys()][index] ?? null;
  }
  getItem(key: string): string | null {
    return this.#texts.get(key) ?? null;
  }
  setItem(key: string, text: string): void {
    if (text.length > this.room) throw new DOMException('Full.', 'QuotaExceededError');
    this.#texts.set(key, text);
  }
  removeItem(key: string): void {
    this.#texts.delete(key);
  }
}

const order: Resource = { id: 'id-1', version: 3, created_at: '', updated_at: '', name: 'Lamp', quantity: 2 };
let clock = 0;
const tab = (shelf: Shelf, owner = 'ann') => new Drafts(owner, shelf, () => ++clock);
const typed = (name: string, draft = draftOf(null)) => ({ ...draft, raw: { ...draft.raw, name } });

test('a draft is found again by another page of the same user, and by nobody else', () => {
  const shelf = new Shelf();
  const kept = tab(shelf).keep(typed('Lamp of brass', draftOf(order)));
  expect(tab(shelf).latest('id-1')).toEqual(kept);
  expect(kept && [isChanged(kept), changedFields(kept), draftName(kept)]).toEqual([
    true,
    ['name'],
    'Lamp of brass',
  ]);
  expect(tab(shelf, 'bob').latest('id-1')).toBeNull();
  expect([keptBy('ann', shelf).length, keptBy('bob', shelf).length]).toEqual([1, 0]);
});

test('two tabs with the same draft keep two, and the other one creates with a key of its own', () => {
  const shelf = new Shelf();
  const [one, other] = [tab(shelf), tab(shelf)];
  const first = one.keep(typed('Both'));
  if (!first) throw new Error('It was not kept.');
  const copy = other.read(first);
  if (!copy) throw new Error('It was not found.');
  one.keep(typed('One', first));
  const apart = other.keep(typed('Other', copy));
  expect(apart?.id).not.toBe(first.id);
  expect(apart?.key).not.toBe(first.key);
  expect(
    tab(shelf)
      .store.state.map(({ raw }) => raw['name'])
      .sort(),
  ).toEqual(['One', 'Other']);
});

test('a draft that another tab has saved is kept apart, and a key that was sent stays', () => {
  const shelf = new Shelf();
  const [one, other] = [tab(shelf), tab(shelf)];
  const first = one.keep({ ...typed('Lamp'), sent: ['{}'] });
  const copy = first && other.read(first);
  if (!copy) throw new Error('It was not found.');
  one.drop(first);
  expect(other.keep(typed('Lamp, more', copy))?.key).toBe(first.key);
  expect(tab(shelf).store.state).toHaveLength(1);
});

test('where the browser has no room, a draft is not kept, and nothing else is lost', () => {
  const shelf = new Shelf(2000);
  const drafts = tab(shelf);
  const small = drafts.keep(typed('Small'));
  expect(small).not.toBeNull();
  expect(drafts.keep(typed('W'.repeat(5000)))).toBeNull();
  expect(drafts.store.state).toEqual([small]);
});

test('a text of another version of the app is no draft', () => {
  const shelf = new Shelf();
  shelf.setItem('draft:ann:id-1:x', '{"raw":');
  shelf.setItem('draft:ann:id-1:y', '{"raw":{}}');
  expect(tab(shelf).store.state).toEqual([]);
});

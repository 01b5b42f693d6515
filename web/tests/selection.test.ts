import { expect, test } from 'vitest';
import { chosen, Selection } from '../src/list/selection';

const ORDER = ['a', 'b', 'c', 'd', 'e'];
const selected = (selection: Selection) => [...selection.store.state].sort();

test('a toggled entry is selected, and deselected the next time', () => {
  const selection = new Selection();
  selection.toggle('b');
  expect(selected(selection)).toEqual(['b']);
  selection.toggle('b');
  expect(selected(selection)).toEqual([]);
});

test('a range goes from the last toggled entry, in either direction', () => {
  const selection = new Selection();
  selection.toggle('d');
  selection.extend('b', ORDER);
  expect(selected(selection)).toEqual(['b', 'c', 'd']);
  selection.extend('e', ORDER);
  expect(selected(selection)).toEqual(['b', 'c', 'd', 'e']);
});

test('a range from a deselected entry deselects', () => {
  const selection = new Selection();
  selection.add(ORDER);
  selection.toggle('b');
  selection.extend('d', ORDER);
  expect(selected(selection)).toEqual(['a', 'e']);
});

test('a range without a beginning on the screen is the entry alone', () => {
  const selection = new Selection();
  selection.extend('c', ORDER);
  expect(selected(selection)).toEqual(['c']);
  selection.extend('e', ['d', 'e']);
  expect(selected(selection)).toEqual(['c', 'e']);
});

test('what is selected and not shown is not chosen, and is again when it is shown', () => {
  const selection = new Selection();
  selection.add(['d', 'b']);
  const shown = ORDER.map((id) => ({ id }));
  expect(chosen(selection.store.state, shown).map(({ id }) => id)).toEqual(['b', 'd']);
  expect(chosen(selection.store.state, shown.slice(2)).map(({ id }) => id)).toEqual(['d']);
  selection.clear();
  expect(chosen(selection.store.state, shown)).toEqual([]);
});

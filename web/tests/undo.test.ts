import { beforeEach, expect, test } from 'vitest';
import { canUndo, forgetUndo, offerUndo, undoLast } from '../src/ui/undo';

let undone: string[] = [];
const offer = (name: string) => offerUndo(`Deleted ${name}.`, () => undone.push(name));

beforeEach(() => {
  forgetUndo();
  undone = [];
});

test('the latest is undone first, and each once', () => {
  ['first', 'second', 'third'].forEach(offer);
  undoLast();
  undoLast();
  expect(undone).toEqual(['third', 'second']);
  offer('fourth');
  undoLast();
  undoLast();
  undoLast();
  expect(undone).toEqual(['third', 'second', 'fourth', 'first']);
  expect(canUndo()).toBe(false);
});

test('what is undone may offer another undo', () => {
  offerUndo('Deleted.', () => offer('the restore'));
  undoLast();
  expect(canUndo()).toBe(true);
  undoLast();
  expect(undone).toEqual(['the restore']);
});

test('nothing is undone for another user', () => {
  offer('first');
  forgetUndo();
  undoLast();
  expect(undone).toEqual([]);
});

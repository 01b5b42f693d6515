import { beforeEach, expect, test } from 'vitest';
import { canUndo, forgetUndo, offerUndo, undoable, undoLast } from '../src/ui/undo';

let undone: string[] = [];
const offer = (name: string) => offerUndo(`Deleted ${name}.`, () => undone.push(name));

/** A promise, and the functions that settle it. */
function gate() {
  let resolve: () => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((yes, no) => {
    [resolve, reject] = [yes, no];
  });
  return { promise, resolve, reject };
}

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

test('to undo while a change is under way undoes that change when it is done, and not the one before it', async () => {
  offer('first');
  const { promise, resolve } = gate();
  const done = undoable(promise.then(() => offer('second')));
  undoLast();
  expect(undone).toEqual([]);
  resolve();
  await done;
  expect(undone).toEqual(['second']);
});

test('to undo a change that then fails undoes nothing', async () => {
  offer('first');
  const { promise, reject } = gate();
  const done = undoable(promise);
  undoLast();
  reject(new Error('no'));
  await expect(done).rejects.toThrow('no');
  offer('third');
  expect(undone).toEqual([]);
});

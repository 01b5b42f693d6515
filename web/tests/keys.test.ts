import { expect, test } from 'vitest';
import { ariaKeys, isCharacter, isTyped, matches, shownKeys } from '../src/ui/keys';

const press = (key: string, more: Partial<KeyboardEvent> = {}) => ({
  ...{ key, code: '', ctrlKey: false, metaKey: false, altKey: false, shiftKey: false },
  ...more,
});
const altGraph = { ctrlKey: true, altKey: true, getModifierState: (name: string) => name === 'AltGraph' };

test.each([
  ['n', press('n'), true],
  ['n', press('N'), true], // Caps Lock
  ['n', press('N', { shiftKey: true }), false],
  ['shift+n', press('N', { shiftKey: true }), true],
  ['n', press('n', { ctrlKey: true }), false],
  ['n', press('n', { altKey: true }), false],
  ['n', press('n', { metaKey: true }), false],
  ['mod+k', press('k', { ctrlKey: true }), true],
  ['mod+k', press('k', { ctrlKey: true, altKey: true }), false],
  ['mod+enter', press('Enter', { ctrlKey: true }), true],
  ['escape', press('Escape'), true],
  ['up', press('ArrowUp'), true],
  ['?', press('?', { shiftKey: true }), true],
  ['/', press('/'), true],
  ['/', press('/', { shiftKey: true }), true], // on a German keyboard
  ['/', press('/', altGraph), true], // on a layout where it needs AltGr
  ['n', press('т', { code: 'KeyN' }), true], // on a Cyrillic layout
  ['y', press('z', { code: 'KeyY' }), false], // on a German keyboard, the letter counts and not its place
  ['z', press('z', { code: 'KeyY' }), true],
])('the keys %s and a press of %o: %s', (keys, event, expected) => {
  expect(matches(event, keys, false)).toBe(expected);
});

test('on a Mac, the command key is the modifier, and the control key is not', () => {
  expect(matches(press('k', { metaKey: true }), 'mod+k', true)).toBe(true);
  expect(matches(press('k', { ctrlKey: true }), 'mod+k', true)).toBe(false);
  expect(matches(press('n', { ctrlKey: true }), 'n', true)).toBe(false);
});

test('a field keeps the keys that it uses', () => {
  expect(['n', '?', 'shift+j', 'delete', 'enter', 'up'].filter((keys) => !isTyped(keys))).toEqual([]);
  expect(['mod+k', 'escape', 'f8', 'alt+n', 'mod+enter'].filter(isTyped)).toEqual([]);
});

test('single characters are told apart from other keys', () => {
  expect(['n', '?', '/', 'shift+j'].filter((keys) => !isCharacter(keys))).toEqual([]);
  expect(['mod+k', 'escape', 'up', 'delete', 'alt+n'].filter(isCharacter)).toEqual([]);
});

test('keys are shown as they are printed on the keyboard', () => {
  expect(shownKeys('mod+enter', false)).toEqual(['Ctrl', 'Enter']);
  expect(shownKeys('mod+k', true)).toEqual(['⌘', 'K']);
  expect(shownKeys('escape', false)).toEqual(['Esc']);
  expect(shownKeys('?', false)).toEqual(['?']);
});

test('keys are named for screen readers as ARIA names them', () => {
  expect(ariaKeys('mod+enter', false)).toBe('Control+Enter');
  expect(ariaKeys('mod+k', true)).toBe('Meta+K');
  expect(ariaKeys('up', false)).toBe('ArrowUp');
});

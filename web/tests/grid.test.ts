import { expect, test } from 'vitest';
import { rowFor } from '../src/resource/gridFocus';
import { relative } from '../src/ui/time';

const key = (key: string, ctrlKey = false) => ({ key, ctrlKey, metaKey: false });

test.each([
  ['ArrowDown', 4, false, 5],
  ['ArrowDown', 9, false, 9],
  ['ArrowUp', 4, false, 3],
  ['ArrowUp', 0, false, -1], // the heads
  ['ArrowUp', 4, true, 0],
  ['ArrowDown', 4, true, 9],
  ['PageDown', 4, false, 7],
  ['PageDown', 8, false, 9],
  ['PageUp', 2, false, 0],
  ['Home', 4, true, 0],
  ['End', 4, true, 9],
  ['Home', 4, false, undefined], // within the row
  ['Enter', 4, false, undefined],
  ['ArrowDown', -1, false, 0],
] as [string, number, boolean, number | undefined][])(
  '%s in row %d leads to the right row',
  (name, row, mod, to) => {
    expect(rowFor(key(name, mod), row, 10, 3)).toBe(to);
  },
);

const NOW = Date.parse('2026-11-26T12:00:00Z');
const SAID = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'short' });
test.each([
  ['2026-11-26T11:59:40Z', 'just now'],
  ['2026-11-26T12:00:20Z', 'just now'], // by a clock that is late
  ['2026-11-26T11:59:10Z', SAID.format(-1, 'minute')],
  ['2026-11-26T11:55:00Z', SAID.format(-5, 'minute')],
  ['2026-11-26T09:00:00Z', SAID.format(-3, 'hour')],
  ['2026-11-25T12:00:00Z', SAID.format(-1, 'day')],
  ['2026-11-29T12:00:00Z', SAID.format(3, 'day')],
])('%s is %s', (at, text) => {
  expect(relative(at, NOW)).toBe(text);
});

test.each([
  ['2026-11-01T12:00:00Z', /1/], // a date of this year needs no year
  ['2024-02-01T12:00:00Z', /2024/],
  ['2027-02-01T12:00:00Z', /2027/],
])('%s is %s', (at, text) => {
  expect(relative(at, NOW)).toMatch(text);
});

test('a date of this year is shown without the year', () => {
  expect(relative('2026-11-01T12:00:00Z', NOW)).not.toContain('2026');
});

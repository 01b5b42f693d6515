import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const SRC = join(import.meta.dirname, '../src');
const TOKENS = 'tokens.css';
const read = (name: string) => readFileSync(join(SRC, name), 'utf8').replaceAll(/\/\*[\s\S]*?\*\//g, '');
const sheets = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(
  (name) => name.endsWith('.css') && name !== TOKENS,
);
const tokens = read(TOKENS);

const colours = new Map(
  [...tokens.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)].map(
    ([, name = '', light = '', dark = '']) => [name, { light, dark }],
  ),
);

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

const SURFACES = ['page', 'card', 'raised'];
const PAIRS: [foreground: string, backgrounds: string[], ratio: number][] = [
  ['text', [...SURFACES, 'selected', 'info-tint', 'danger-tint', 'warn-tint'], 4.5],
  ['muted', [...SURFACES, 'selected', 'info-tint', 'danger-tint', 'warn-tint'], 4.5],
  ['accent', [...SURFACES, 'selected', 'info-tint'], 4.5],
  ['danger', [...SURFACES, 'selected', 'danger-tint'], 4.5],
  ['warn', ['page', 'card', 'warn-tint'], 4.5],
  ['info', ['page', 'card', 'info-tint'], 4.5],
  ['on-accent', ['accent', 'accent-strong'], 4.5],
  ['on-danger', ['danger', 'danger-strong'], 4.5],
  ['control', SURFACES, 3],
  ['selected-line', ['card', 'selected'], 3],
];

test.each(PAIRS)('%s is readable on %j, light and dark, at %d to 1', (foreground, backgrounds, ratio) => {
  for (const background of backgrounds) {
    for (const scheme of ['light', 'dark'] as const) {
      const pair = [foreground, background].map((name) => colours.get(name)?.[scheme] ?? '');
      expect(contrast(...(pair as [string, string])), `${background}, ${scheme}`).toBeGreaterThan(ratio);
    }
  }
});

test.each(sheets)('%s takes colours, sizes of text, weights, layers and times from the tokens', (name) => {
  const css = read(name);
  expect(css.match(/#[0-9a-f]{3,8}\b(?![^{}]*\{)|\b(rgb|hsl|oklch)a?\(/gi) ?? []).toEqual([]);
  const declared = [...css.matchAll(/(?<=[\s;{])(font-size|font-weight|z-index|line-height): ([^;]+);/g)];
  const own = declared.filter(
    ([, property, value = '']) =>
      property !== 'line-height' && !/^(var\(--[\w-]+\)|inherit|0|100%|auto|-1)$/.test(value),
  );
  expect(own.map(([all]) => all)).toEqual([]);
  expect(css.match(/(transition|animation): [^;]*\b[\d.]+m?s\b/g) ?? []).toEqual([]);
});

test.each(sheets)('%s uses no token that does not exist', (name) => {
  const known = new Set(
    [...tokens.matchAll(/(--[\w-]+):/g), ...read(name).matchAll(/(--[\w-]+):/g)].map(([, one]) => one),
  );
  const used = [...read(name).matchAll(/var\((--[\w-]+)\)/g)].map(([, one]) => one);
  expect(used.filter((one) => !known.has(one))).toEqual([]);
});

test('no two stylesheets style the same class without saying whose it is', () => {
  const owners = new Map<string, string[]>();
  for (const name of sheets) {
    const alone = read(name)
      .replaceAll(/@[^{};]+\{/g, '')
      .matchAll(/(?<=^|[},]\s*)\.([\w-]+)(?=\s*[,{])/g);
    for (const one of new Set([...alone].map(([, first = '']) => first)))
      owners.set(one, [...(owners.get(one) ?? []), name]);
  }
  expect([...owners].filter(([, files]) => files.length > 1)).toEqual([]);
});

test('the size of text follows the setting of the browser', () => {
  for (const [, value = ''] of [...tokens.matchAll(/--type-\w+: ([^;]+);/g)])
    expect(value).toMatch(/^[\d.]+rem$/);
  for (const name of sheets) expect(read(name).match(/font[^;{}]*\b\d+px/g) ?? [], name).toEqual([]);
});

test('nothing moves for longer than 160 ms, and only for a reader who does not prefer less motion', () => {
  const times = [...tokens.matchAll(/--(?:quick|calm): (\d+)(s|ms);/g)].map(
    ([, time, unit]) => `${time}${unit}`,
  );
  expect(times).toEqual(['0s', '0s', '120ms', '160ms']);
});

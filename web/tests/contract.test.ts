import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { TYPES, types } from '../scripts/contract.js';

test('the types are those of the contract; `npm run types` makes them anew', async () => {
  expect(readFileSync(TYPES, 'utf8')).toBe(await types());
});

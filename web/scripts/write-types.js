/** Writes src/api/schema.ts, the types of the contract. */
import { writeFileSync } from 'node:fs';
import { TYPES, types } from './contract.js';

writeFileSync(TYPES, await types());

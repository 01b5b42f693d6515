/** Reads what `crudctl package` derives from contract/openapi.yaml. Knows nothing of the app. */
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
export const OPENAPI = join(ROOT, 'contract/openapi.yaml');
const DERIVED = join(ROOT, 'build/web-contract.json');

/** `content` and `document` as src/crudctl/build/web_contract.py describes them; packages first if the contract is newer. */
export function read() {
  const derived = statSync(DERIVED, { throwIfNoEntry: false });
  if (!derived || derived.mtimeMs < statSync(OPENAPI).mtimeMs) {
    execFileSync('make', ['-C', ROOT, 'build/functions.zip'], { stdio: 'inherit' });
  }
  return JSON.parse(readFileSync(DERIVED, 'utf8'));
}

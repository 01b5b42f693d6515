/** Whether an import is under way and how far it is, known without loading what an import needs. */
import { service } from '../contract/service';
import { Store } from '../store';

export const DATABASE = `${service.collection}-import`;
const FLAG = 'import:';

/** The name in localStorage that says that a user has an import; its value is the name of the file. */
export function flag(sub: string): string {
  return FLAG + sub;
}

/** How far the import of this page is, in a sentence; null if this page has not looked at any. */
export const report = new Store<string | null>(null);

/** Return a sentence about the user's import; null if there is none, or its result was dismissed. */
export function reportOf(sub: string): string | null {
  const file = localStorage.getItem(flag(sub));
  return file === null
    ? null
    : (report.state ?? `The import of “${file}” is not finished, or its result was not seen.`);
}

/** Forget all imports of this browser, for example because the user signs out. What they created stays. */
export function forgetImports(): void {
  for (const name of Object.keys(localStorage)) if (name.startsWith(FLAG)) localStorage.removeItem(name);
  indexedDB.deleteDatabase(DATABASE);
}

/** Whether an import is under way and how far it is, known without loading what an import needs. */
import { service } from '../contract/service';
import { Store } from '../store';

/** The name in localStorage that says that a user has an import; its value is the name of the file. */
export function flag(sub: string): string {
  return `import:${sub}`;
}

/** The name of the database with a user's import. */
export function databaseOf(sub: string): string {
  return `${service.collection}-import:${sub}`;
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

/** Forget a user's import, for example because the user signs out. What it created stays. */
export function forgetImport(sub: string): void {
  localStorage.removeItem(flag(sub));
  indexedDB.deleteDatabase(databaseOf(sub));
}

/** Whether an import is under way, known without loading what an import needs. */
import { service } from '../contract/service';

export const DATABASE = `${service.collection}-import`;
const FLAG = 'import:';

/** The name in localStorage that says that a user has an import; its value is the name of the file. */
export function flag(sub: string): string {
  return FLAG + sub;
}

/** Return the name of the file that the user imports; null if there is no import, or its result was dismissed. */
export function importedFile(sub: string): string | null {
  return localStorage.getItem(flag(sub));
}

/** Forget all imports of this browser, for example because the user signs out. What they created stays. */
export function forgetImports(): void {
  for (const name of Object.keys(localStorage)) if (name.startsWith(FLAG)) localStorage.removeItem(name);
  indexedDB.deleteDatabase(DATABASE);
}

/** Prints a whole list: what is not loaded yet is loaded first. Knows not how it looks on paper. */
import type { ResourceList } from '../list/list';
import { useCommands } from '../ui/commands';

/** Return what prints the list. While a part of it is missing, the browser's own keys for printing do the same. */
export function usePrinting(list: ResourceList, what: string, enabled: boolean): () => void {
  const run = () => void printed(list);
  const partial = list.store.state.cursor !== null;
  useCommands([
    { id: 'list.print', label: `Print ${what}`, enabled, run, ...(partial && { keys: 'mod+p' }) },
  ]);
  return run;
}

/** Why it could not be loaded is shown in the list. */
async function printed(list: ResourceList): Promise<void> {
  if (list.store.state.cursor !== null && !(await list.all())) return;
  setTimeout(() => print()); // when the rows are there
}

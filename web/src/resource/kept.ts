/** Which drafts this browser keeps for a user, by their keys alone. Knows nothing of what is in them. */

const NEW = 'new';

/** The drafts of one user: another user who signs in in the same browser does not see them. */
export function prefixOf(owner: string): string {
  return `draft:${owner}:`;
}

/** Return the name of a draft within those of its owner. */
export function nameOfDraft(id: string, of: string | null): string {
  return `${of ?? NEW}:${id}`;
}

/** Return the names of a user's drafts. */
export function keptBy(owner: string, storage: Pick<Storage, 'key' | 'length'> = localStorage): string[] {
  const prefix = prefixOf(owner);
  return Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '')
    .filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length));
}

/** Return what to say of the drafts of resources when those are deleted; nothing if they have none. */
export function draftNote(owner: string, ids: string[]): string | undefined {
  const of = new Set(keptBy(owner).map((name) => name.split(':')[0]));
  const count = ids.filter((id) => of.has(id)).length;
  if (!count) return undefined;
  return ids.length === 1
    ? 'Your unsaved changes to it are kept as a draft.'
    : `Your unsaved changes to ${count} of them are kept as ${count === 1 ? 'a draft' : 'drafts'}.`;
}

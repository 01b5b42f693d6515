/** Creates and changes items so that a repeated or half-lost call does what was meant, once. Knows no markup. */
import type { Api, Item, ItemContent } from '../api/client';
import { Refused } from '../api/problem';
import { type Json, same } from '../contract/schema';
import { contentOf } from './content';
import { patchOf } from './merge';

/** The item has changed since: what it is now. */
export class Conflict extends Error {
  constructor(readonly theirs: Item) {
    super('The item has changed since you opened it.');
    this.name = 'Conflict';
  }
}

/**
 * Makes one item of `content`.
 *
 * Where an earlier try with the same key had made it of another content before its answer was lost (422), that item is found
 * again by the key and what was `sent` with it, and changed to `content`.
 */
export async function create(
  api: Pick<Api, 'create' | 'patch'>,
  content: ItemContent,
  key: string,
  sent: string[],
): Promise<Item> {
  for (const earlier of [JSON.stringify(content), ...sent]) {
    try {
      const made = await api.create(JSON.parse(earlier) as ItemContent, key);
      const patch = patchOf(contentOf(made), content);
      return Object.keys(patch).length ? await api.patch(made.id, patch, made.version) : made;
    } catch (error) {
      if (!(error instanceof Refused && error.status === 422)) throw error;
    }
  }
  throw new Error('An item was made with this form before, with other content. Reload the list to see it.');
}

/** Changes `base`, the item's content at `version`, to `content`. Fails with Conflict when it is another by now. */
export async function change(
  api: Pick<Api, 'patch' | 'get'>,
  id: string,
  base: Json,
  content: Json,
  version: number,
): Promise<Item> {
  try {
    return await api.patch(id, patchOf(base, content), version);
  } catch (error) {
    if (!(error instanceof Refused && error.status === 412)) throw error;
    const theirs = await api.get(id);
    if (!theirs) throw error;
    // An earlier try had arrived and its answer was lost: what it is now is what was meant.
    if (error.retried && theirs.version === version + 1 && same(contentOf(theirs), content)) return theirs;
    throw new Conflict(theirs);
  }
}

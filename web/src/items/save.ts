/** Creates and changes items so that a call that is repeated, or whose response is lost, takes effect once. Knows no markup. */
import type { Api, Item, ItemContent } from '../api/client';
import { Refused } from '../api/problem';
import { type Json, same } from '../contract/schema';
import { contentOf } from './content';
import { patchOf } from './merge';

/** The item has changed since it was opened; `theirs` is its current version. */
export class Conflict extends Error {
  constructor(readonly theirs: Item) {
    super('The item has changed since you opened it.');
    this.name = 'Conflict';
  }
}

/**
 * Create one item with `content`.
 *
 * If an earlier attempt with the same key created it with other content and its response was lost (422), look that item up by
 * the key and the bodies `sent` with it, and change it to `content`.
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
  throw new Error('This form already created an item with other content. Reload the list to see it.');
}

/** Change `base`, the item's content at `version`, to `content`. Throws Conflict when the item has changed since. */
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
    // An earlier attempt succeeded and its response was lost: the item already has the wanted content.
    if (error.retried && theirs.version === version + 1 && same(contentOf(theirs), content)) return theirs;
    throw new Conflict(theirs);
  }
}

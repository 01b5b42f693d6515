/** Creates and changes resources so that a call that is repeated, or whose response is lost, takes effect once. Knows no markup. */
import type { Api, Resource } from '../api/client';
import { Explained, Refused } from '../api/problem';
import { service } from '../contract/service';
import type { Fault } from '../contract/validate';
import { type Json, parse, same, write } from '../json/value';
import { contentOf, placeOf } from '../list/content';
import { patched, patchOf } from './merge';

const NAMED = 3; // faults in a message; the form shows all

/** A change to null needs all content to be valid, and some of it is not, perhaps by a change of the contract. */
export class Incomplete extends Explained {
  constructor(readonly faults: Fault[]) {
    const named = faults
      .slice(0, NAMED)
      .map(({ pointer, detail }) => `${placeOf(pointer) || 'it'} ${detail}`);
    if (faults.length > NAMED) named.push(`and ${faults.length - NAMED} more`);
    super(`To store null, the whole ${service.singular} has to be valid: ${named.join('; ')}.`);
    this.name = 'Incomplete';
  }
}

/** The resource has changed since it was opened; `theirs` is its current version. */
export class Conflict extends Explained {
  constructor(readonly theirs: Resource) {
    super(`The ${service.singular} has changed since you opened it.`);
    this.name = 'Conflict';
  }
}

/** What the form's key created was deleted since; another key creates another. */
export class DeletedSince extends Explained {
  constructor() {
    super(
      `This form already created one ${service.singular}, which was deleted since. Save again to create another.`,
    );
    this.name = 'DeletedSince';
  }
}

/**
 * Create one resource with `content`.
 *
 * If an earlier attempt with the same key created it with other content and its response was lost (422), look it up by
 * the key and the bodies `sent` with it, and change it to `content`. Throws DeletedSince.
 */
export async function create(
  api: Pick<Api, 'create' | 'patch' | 'replace'>,
  content: Json,
  key: string,
  sent: string[],
): Promise<Resource> {
  for (const earlier of [write(content), ...sent]) {
    try {
      const made = await api.create(parse(earlier) as Json, key);
      const now = contentOf(made);
      return same(now, content) ? made : await written(api, made.id, now, content, made.version);
    } catch (error) {
      if (error instanceof Refused && error.deleted) throw new DeletedSince();
      if (!(error instanceof Refused && error.status === 422)) throw error;
    }
  }
  throw new Explained(
    `This form already created one ${service.singular} with other content. Reload the list to see it.`,
  );
}

/** Change `base`, the resource's content at `version`, to `content`. Throws Conflict when it has changed since. */
export async function change(
  api: Pick<Api, 'patch' | 'replace' | 'get'>,
  id: string,
  base: Json,
  content: Json,
  version: number,
): Promise<Resource> {
  try {
    return await written(api, id, base, content, version);
  } catch (error) {
    if (!(error instanceof Refused && error.status === 412)) throw error;
    const theirs = await api.get(id);
    if (!theirs) throw error;
    // An earlier attempt succeeded and its response was lost: it already has the wanted content.
    if (error.retried && theirs.version === version + 1 && same(contentOf(theirs), content)) return theirs;
    throw new Conflict(theirs);
  }
}

/** Send what was edited, as a merge patch; or all content, where a patch cannot express it because a property becomes null. */
async function written(
  api: Pick<Api, 'patch' | 'replace'>,
  id: string,
  base: Json,
  content: Json,
  version: number,
): Promise<Resource> {
  const patch = patchOf(base, content);
  if (same(patched(base, patch), content)) return api.patch(id, patch, version);
  try {
    return await api.replace(id, content, version);
  } catch (error) {
    const errors = error instanceof Refused && error.status === 400 && error.problem.errors;
    if (!errors || !errors.length) throw error;
    throw new Incomplete(errors.map(({ pointer = '', detail }) => ({ pointer, detail })));
  }
}

/** Restores what was deleted, or finds out why it cannot be restored. Knows no markup. */
import type { Api, Resource } from '../api/client';
import { Refused } from '../api/problem';

/** `live`: somebody else restored it. `changed`: it was restored, changed and deleted again. `gone`: it is not in the trash any more. */
export type Restoration =
  { outcome: 'restored' | 'live'; resource: Resource } | { outcome: 'changed' | 'gone'; resource: null };

/** Restore a resource that was deleted at `version`. */
export async function restore(
  api: Pick<Api, 'restore' | 'get'>,
  id: string,
  version: number,
): Promise<Restoration> {
  try {
    return { outcome: 'restored', resource: await api.restore(id, version) };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.status === 412) return { outcome: 'changed', resource: null };
    if (error.status !== 404) throw error;
    const resource = await live(api, id);
    if (!resource) return { outcome: 'gone', resource };
    // An earlier attempt restored it and its response was lost.
    const own = error.retried && resource.version === version + 1;
    return { outcome: own ? 'restored' : 'live', resource };
  }
}

/** Return the resource if it exists and is not in the trash. */
export async function live(api: Pick<Api, 'get'>, id: string): Promise<Resource | null> {
  try {
    return await api.get(id);
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return null;
    throw error;
  }
}

/** The page's importer: a run goes on while no dialog shows it. What it creates is put into the list in batches. */
import { useMemo } from 'preact/hooks';
import type { Resource } from '../api/client';
import { fields } from '../list/content';
import type { ResourceList } from '../list/list';
import { type Services, useServices } from '../services';
import { Columns } from './columns';
import { Kept } from './kept';
import { Importer } from './run';
import { refusal } from './words';

export interface ImportProps {
  list: ResourceList;
  sub: string;
}

export const columns = new Columns(fields);

const OFTEN = 250; // milliseconds
let current: { sub: string; importer: Importer } | null = null;

export function useImporter({ list, sub }: ImportProps): Importer {
  const services = useServices();
  return useMemo(() => importerOf(services, { list, sub }), [services, sub]);
}

/** Return the importer of the user who is signed in. */
function importerOf({ api }: Services, { list, sub }: ImportProps): Importer {
  if (current?.sub !== sub) {
    current?.importer.stop();
    current = { sub, importer: new Importer(api, batched(list), refusal, new Kept()) };
  }
  return current.importer;
}

/** Return what puts resources into the list and those of other tabs, many at once: each time costs as much as the list is long. */
function batched(list: ResourceList): (made: Resource) => void {
  let batch: Resource[] = [];
  const put = () => {
    const change = { put: batch, removed: [] };
    batch = [];
    list.take(change);
    list.announce(change);
  };
  return (made) => {
    if (!batch.length) setTimeout(put, OFTEN);
    batch.push(made);
  };
}

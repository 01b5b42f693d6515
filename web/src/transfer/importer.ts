/** The page's importer: a run goes on while no dialog shows it. What it creates is put into the list when no dialog covers it. */
import { useMemo } from 'preact/hooks';
import type { Resource } from '../api/client';
import { fields } from '../list/content';
import type { ResourceList } from '../list/list';
import { type Services, useServices } from '../services';
import { Columns } from './columns';
import { report } from './flag';
import { Kept } from './kept';
import { Importer } from './run';
import { transfer } from './open';
import { progressOf, refusal } from './words';

export interface ImportProps {
  list: ResourceList;
  sub: string;
}

export const columns = new Columns(fields);

let current: { sub: string; importer: Importer } | null = null;

export function useImporter({ list, sub }: ImportProps): Importer {
  const services = useServices();
  return useMemo(() => importerOf(services, { list, sub }), [services, sub]);
}

/** Return the importer of the user who is signed in. */
function importerOf({ api }: Services, { list, sub }: ImportProps): Importer {
  if (current?.sub !== sub) {
    current?.importer.stop();
    const made: Resource[] = [];
    const importer = new Importer(api, (one) => made.push(one), refusal, new Kept());
    importer.store.subscribe(() => (report.state = importer.store.state && progressOf(importer.store.state)));
    for (const store of [importer.store, transfer])
      store.subscribe(() => {
        if (!transfer.state && importer.store.state?.state !== 'running') put(list, made.splice(0));
      });
    current = { sub, importer };
  }
  return current.importer;
}

/** Put what was created into the list and into those of other tabs: at once, because each time costs as much as the list is long. */
function put(list: ResourceList, made: Resource[]): void {
  if (!made.length) return;
  const change = { put: made, removed: [] };
  list.take(change);
  list.announce(change);
}

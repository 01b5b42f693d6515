/** The fields of an item that the service sets, and placeholders while an item is loading. */
import type { Item } from '../api/client';
import { Copy, Time } from '../ui/parts';
import { utc } from '../ui/time';
import { fields } from './content';
import './Facts.css';
import './skeleton.css';

export function Facts({ item }: { item: Item }) {
  return (
    <dl class="facts">
      <div>
        <dt>Created</dt>
        <dd>
          <Time at={item.created_at} />
          <span class="help">{utc(item.created_at)}</span>
        </dd>
      </div>
      <div>
        <dt>Updated</dt>
        <dd>
          <Time at={item.updated_at} />
          <span class="help">{utc(item.updated_at)}</span>
        </dd>
      </div>
      <div>
        <dt>Version</dt>
        <dd>{item.version}</dd>
      </div>
      <div>
        <dt>ID</dt>
        <dd>
          <code>{item.id}</code> <Copy text={item.id} what="ID" />
        </dd>
      </div>
    </dl>
  );
}

/** Placeholders for the fields. */
export function Loading() {
  return (
    <div class="loading" role="status" aria-label="Loading the item">
      {fields.map((field) => (
        <span key={field.name} class="bone" />
      ))}
    </div>
  );
}

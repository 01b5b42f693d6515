/** What the service sets, which is shown and not edited, and placeholders while a resource is loading. */
import type { Resource } from '../api/client';
import { textOf, titleOf } from '../contract/schema';
import { service } from '../contract/service';
import { Copy, Time } from '../ui/parts';
import { utc } from '../ui/time';
import { fields, names, SYSTEM } from '../list/content';
import './Facts.css';
import './skeleton.css';

export function Facts({ resource }: { resource: Resource }) {
  const others = Object.entries(resource).filter(([name]) => !SYSTEM.includes(name) && !names.includes(name));
  return (
    <dl class="facts">
      <div>
        <dt>Created</dt>
        <dd>
          <Time at={resource.created_at} />
          <span class="help">{utc(resource.created_at)}</span>
        </dd>
      </div>
      <div>
        <dt>Updated</dt>
        <dd>
          <Time at={resource.updated_at} />
          <span class="help">{utc(resource.updated_at)}</span>
        </dd>
      </div>
      <div>
        <dt>Version</dt>
        <dd>{resource.version}</dd>
      </div>
      <div>
        <dt>ID</dt>
        <dd>
          <code>{resource.id}</code> <Copy text={resource.id} what="ID" />
        </dd>
      </div>
      {others.map(([name, value]) => (
        <div key={name}>
          <dt>{titleOf(name, {})}</dt>
          <dd class="own">{textOf(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Placeholders for the fields. */
export function Loading() {
  return (
    <div class="loading" role="status" aria-label={`Loading the ${service.singular}`}>
      {fields.map((field) => (
        <span key={field.name} class="bone" />
      ))}
    </div>
  );
}

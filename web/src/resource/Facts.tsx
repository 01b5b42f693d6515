/** What the service sets, which is shown and not edited, and placeholders while a resource is loading. */
import type { Resource } from '../api/client';
import { textOf, titleOf } from '../contract/schema';
import { service } from '../contract/service';
import { Ago } from '../ui/Ago';
import { Copy } from '../ui/parts';
import { fields, names, SYSTEM } from '../list/content';
import './Facts.css';
import './skeleton.css';

/** Version, times and ID, in a line or two. */
export function Facts({ resource }: { resource: Resource }) {
  return (
    <dl class="facts">
      <div>
        <dt>Version</dt>
        <dd>{resource.version}</dd>
      </div>
      <div>
        <dt>Updated</dt>
        <dd>
          <Ago at={resource.updated_at} />
        </dd>
      </div>
      <div>
        <dt>Created</dt>
        <dd>
          <Ago at={resource.created_at} />
        </dd>
      </div>
      <div class="id">
        <dt>ID</dt>
        <dd>
          <code>{resource.id}</code> <Copy text={resource.id} what="ID" />
        </dd>
      </div>
    </dl>
  );
}

/** Properties that the contract does not describe. */
export function Others({ resource }: { resource: Resource }) {
  const others = Object.entries(resource).filter(([name]) => !SYSTEM.includes(name) && !names.includes(name));
  if (!others.length) return null;
  return (
    <dl class="inner others-of">
      {others.map(([name, value]) => (
        <div key={name}>
          <dt>{titleOf(name, {})}</dt>
          <dd class="lines">{textOf(value)}</dd>
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

/** What changed between two versions of a resource, field by field, to be read. Knows no choice between them. */
import { distinctText } from '../contract/schema';
import type { Json } from '../json/value';
import { contentOf, placeOf } from '../list/content';
import { differences } from './merge';

export function Changes({ before, after }: { before: Json; after: Json }) {
  const [was, is] = [contentOf(before), contentOf(after)];
  const all = differences(was, was, is);
  if (!all.length) return <p class="help">Its content is the same as before.</p>;
  return (
    <dl class="changes">
      {all.map(({ pointer, mine, theirs }) => (
        <div key={pointer}>
          <dt>{placeOf(pointer)}</dt>
          <dd>
            <del>{shown(mine, theirs)}</del> <ins>{shown(theirs, mine)}</ins>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function shown(value: unknown, other: unknown) {
  if (value === undefined) return <em>not set</em>;
  if (value === null) return <em>null</em>;
  if (value === '') return <em>empty text</em>;
  return <bdi>{distinctText(value, [other])}</bdi>;
}

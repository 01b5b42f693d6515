/** Which column of a file is which field. */
import { columnIn } from './columns';
import { columns } from './importer';
import { nameOf, type Target } from './plan';
import type { Source } from './source';
import { write } from '../json/value';

interface Props {
  source: Source;
  targets: Target[];
  onChange: (targets: Target[]) => void;
}

const LONGEST = 60; // characters of an example

export function Matching({ source, targets, onChange }: Props) {
  const choose = (index: number, target: Target) => {
    const name = nameOf(target);
    onChange(
      targets.map((other, at) => (at === index ? target : name && nameOf(other) === name ? null : other)),
    );
  };
  return (
    <div class="scrolled" tabIndex={0} role="group" aria-label="Columns of the file">
      <table class="matching">
        <thead>
          <tr>
            <th scope="col">In the file</th>
            <th scope="col">For example</th>
            <th scope="col">Becomes</th>
          </tr>
        </thead>
        <tbody>
          {source.headers.map((header, index) => (
            <tr key={index}>
              <th scope="row">
                <bdi>{header || `Column ${index + 1}`}</bdi>
              </th>
              <td class="example">
                <bdi>{exampleOf(source, index)}</bdi>
              </td>
              <td>
                <Becomes
                  header={header}
                  target={targets[index] ?? null}
                  onChange={(target) => choose(index, target)}
                />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface BecomesProps {
  header: string;
  target: Target;
  onChange: (target: Target) => void;
}

function Becomes({ header, target, onChange }: BecomesProps) {
  const inMaps = header.trim() ? columns.maps.map((map) => columnIn(map, header.trim())) : [];
  const named = target && target !== 'id' && !columns.known.includes(target) ? [target] : [];
  const others = [...named, ...inMaps.filter((one) => nameOf(one) !== nameOf(named[0] ?? null))];
  const all: Exclude<Target, null>[] = [...columns.known, ...others, 'id'];
  return (
    <select
      aria-label={`${header} becomes`}
      class={target ? undefined : 'unused'}
      value={nameOf(target)}
      onChange={(event) => onChange(all.find((one) => nameOf(one) === event.currentTarget.value) ?? null)}
    >
      <option value="">Not imported</option>
      {all.map((one) => (
        <option key={nameOf(one)} value={nameOf(one)}>
          {one === 'id' ? 'ID, to see which rows you have already' : one.title}
        </option>
      ))}
    </select>
  );
}

function exampleOf({ records }: Source, index: number): string {
  const cell = records
    .map(({ cells }) => cells[index])
    .find((one) => one !== undefined && one !== null && one !== '');
  const text = cell === undefined ? '' : typeof cell === 'string' ? cell : write(cell);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

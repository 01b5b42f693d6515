/** The second step of an import: which column is which field, what would be created, and what is wrong with the rest. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { counted, service, content } from '../contract/service';
import { write } from '../json/value';
import { downloadFailures } from './failures';
import { fields } from '../list/content';
import type { ResourceList } from '../list/list';
import { columns } from './importer';
import { keysOf } from './keys';
import type { KeptRow, Run } from './kept';
import { Matching } from './Matching';
import { type Row, rowsOf, type Target, targetsOf } from './plan';
import { Rows } from './Rows';
import { SEPARATORS, type Source, sourceOf } from './source';
import { sentence } from './words';

interface Props {
  source: Source;
  text: string;
  list: ResourceList;
  sub: string;
  onBack: () => void;
  onSource: (source: Source) => void;
  onStart: (run: Run) => Promise<void>;
}

const SHOWN = 50; // faults; the file with all of them can be downloaded

export function Preview({ source, text, list, sub, onBack, onSource, onStart }: Props) {
  const [targets, setTargets] = useState<Target[]>(() => targetsOf(columns, source.headers));
  const [copies, setCopies] = useState(false);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState(false);
  const rows = useMemo(() => rowsOf(source, targets, content), [source, targets]);
  const here = useHere(list, rows);
  const faulty = rows.filter(({ faults }) => faults.length > 0);
  const present = rows.filter((row) => !row.faults.length && here.ids.has(row.id ?? ''));
  const wanted = rows.length - faulty.length - (copies ? 0 : present.length);
  const separate = (separator: string) => {
    const next = sourceOf(source.file, text, separator);
    setTargets(targetsOf(columns, next.headers));
    onSource(next);
  };
  const start = async () => {
    setBusy(true);
    const left = copies ? rows : rows.filter((row) => !here.ids.has(row.id ?? '') || row.faults.length);
    try {
      await onStart(await runOf(source, sub, rows, new Set(left)));
    } catch (reason) {
      console.error(reason); // the browser's own words, such as of a full disk
      setFailed(true);
      setBusy(false);
    }
  };
  const missing = fields.filter(
    ({ name, required }) =>
      required && !targets.some((target) => target && target !== 'id' && target.steps[0] === name),
  );
  return (
    <>
      <div class="body">
        <p class="summary">
          <bdi>{source.file}</bdi> · {rows.length.toLocaleString()} {rows.length === 1 ? 'row' : 'rows'}
          {faulty.length > 0 && `, ${faulty.length.toLocaleString()} with faults`}
        </p>
        {source.format === 'csv' && (
          <label class="separator">
            Separator
            <select value={source.separator} onChange={(event) => separate(event.currentTarget.value)}>
              {SEPARATORS.map(([separator, name]) => (
                <option key={name} value={separator}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        )}
        {source.doubt && <p class="notice warn">{source.doubt}</p>}
        <h3>Columns</h3>
        <Matching source={source} targets={targets} onChange={setTargets} />
        {missing.map(({ name, title }) => (
          <p key={name} class="notice error">
            {title} is required. Choose the column that has it.
          </p>
        ))}
        {faulty.length > 0 && <Faulty source={source} rows={faulty} />}
        <h3>{wanted ? `${counted(wanted)} to create` : `No ${service.singular} to create`}</h3>
        <Rows
          rows={rows.filter((row) => !row.faults.length && (copies || !here.ids.has(row.id ?? '')))}
          targets={targets}
        />
        {present.length > 0 && (
          <>
            <p>
              {present.length.toLocaleString()}{' '}
              {present.length === 1 ? 'row has the ID of one' : 'rows have the IDs of some'} that you have
              already. What you have is not changed.
            </p>
            <label class="option">
              <input
                type="checkbox"
                checked={copies}
                onChange={(event) => setCopies(event.currentTarget.checked)}
              />
              Create {present.length === 1 ? 'a copy of it' : 'copies of them'}
            </label>
          </>
        )}
        {here.error && (
          <p class="notice error" role="alert">
            It is not known which rows you have already: the {service.plural} could not be loaded.
            <button type="button" class="small" onClick={here.again}>
              Try again
            </button>
          </p>
        )}
        {failed && (
          <p class="notice error" role="alert">
            Nothing was created: the browser has no room to keep the import while it runs. Free some, or
            import a part of the file.
          </p>
        )}
      </div>
      <div class="actions">
        <span class="help" role="status">
          {here.loading && `Loading your ${service.plural} to see which rows you have already…`}
        </span>
        <button type="button" onClick={onBack}>
          Choose another file
        </button>
        <button
          type="button"
          class="primary"
          disabled={!wanted || busy || here.loading || here.error}
          onClick={() => void start()}
        >
          Create {counted(wanted)}
        </button>
      </div>
    </>
  );
}

function Faulty({ source, rows }: { source: Source; rows: Row[] }) {
  const failures = rows.map((row) => ({ row: keptRow(row, ''), why: faultOf(row) }));
  return (
    <section>
      <h3>
        {rows.length.toLocaleString()}{' '}
        {rows.length === 1 ? 'row has a fault and is left out' : 'rows have faults and are left out'}
      </h3>
      <ul class="left-out" tabIndex={0} aria-label="Faults">
        {failures.slice(0, SHOWN).map(({ row, why }) => (
          <li key={row.place}>
            <strong>Row {row.place}</strong> {why}
          </li>
        ))}
        {failures.length > SHOWN && <li>and {(failures.length - SHOWN).toLocaleString()} more</li>}
      </ul>
      <button
        type="button"
        class="small"
        onClick={() => downloadFailures(source.file, source.format, source.headers, failures)}
      >
        Download these rows
      </button>
    </section>
  );
}

/** Which of the rows exist already, by the ids of an exported file: found out once, when all is loaded. */
function useHere(list: ResourceList, rows: Row[]) {
  const named = rows.some(({ id }) => id);
  const [loaded, setLoaded] = useState<Set<string> | 'not yet' | 'failed'>('not yet');
  const load = async () => {
    setLoaded('not yet');
    const whole = await list.all();
    setLoaded(whole ? new Set(list.store.state.entries.map(({ id }) => id)) : 'failed');
  };
  useEffect(() => {
    if (named) void load();
  }, [named]);
  return {
    ids: loaded instanceof Set ? loaded : new Set<string>(),
    loading: named && loaded === 'not yet',
    error: named && loaded === 'failed',
    again: () => void load(),
  };
}

function faultOf({ faults }: Row): string {
  return faults.map((fault) => sentence(fault)).join(' ');
}

function keptRow(row: Row, key: string): KeptRow {
  return { place: row.place, cells: write(row.cells), body: write(row.content), key, fault: faultOf(row) };
}

/** Return the run of the chosen rows. Keys count all rows, so that they are the same whichever are chosen. */
async function runOf(source: Source, sub: string, rows: Row[], chosen: Set<Row>): Promise<Run> {
  const keys = await keysOf(rows.map(({ content }) => content));
  const { file, format, headers } = source;
  const kept = rows.flatMap((row, index) => (chosen.has(row) ? [keptRow(row, keys[index] ?? '')] : []));
  return { id: crypto.randomUUID(), sub, file, format, headers, rows: kept };
}

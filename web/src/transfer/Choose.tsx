/** The first step of an import: a file, chosen or dropped, and what a file looks like. */
import { useRef, useState } from 'preact/hooks';
import { messageOf } from '../api/problem';
import { service } from '../contract/service';
import { Icon } from '../ui/parts';
import { downloadTemplate } from './export';
import { columns } from './importer';
import { textIn } from './reading';
import { BadFile, type Source, sourceOf } from './source';

const TYPES = '.csv,.tsv,.txt,.json,.jsonl,.ndjson,text/csv,application/json';
const LARGEST = 50; // MB

export function Choose({ onChoose }: { onChoose: (chosen: { source: Source; text: string }) => void }) {
  const [error, setError] = useState('');
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const take = async (file: File | undefined) => {
    setOver(false);
    if (!file) return;
    try {
      if (file.size > LARGEST * 1e6)
        throw new BadFile(`The file is larger than ${LARGEST} MB. Split it, and import the parts.`);
      const { text, guessed } = await textIn(file);
      const source = sourceOf(file.name, text);
      onChoose({ text, source: guessed ? { ...source, doubt: source.doubt || GUESSED } : source });
    } catch (reason) {
      setError(messageOf(reason));
      if (input.current) input.current.value = ''; // the same file can be chosen again, after it was corrected
    }
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    void take(event.dataTransfer?.files[0]);
  };
  const drag = (event: DragEvent) => {
    event.preventDefault();
    setOver(true);
  };
  return (
    <>
      <div class="body">
        <label
          class={over ? 'drop over' : 'drop'}
          onDragOver={drag}
          onDragLeave={() => setOver(false)}
          onDrop={drop}
        >
          <Icon name="upload" />
          <span>
            Choose a CSV or JSON file, or drop it here. You see what it contains before any {service.singular}{' '}
            is created.
          </span>
          <input
            ref={input}
            type="file"
            accept={TYPES}
            aria-label="File to import"
            onChange={(event) => void take(event.currentTarget.files?.[0])}
          />
        </label>
        {error && (
          <p class="notice error" role="alert">
            {error}
          </p>
        )}
        <h3>What a file looks like</h3>
        <ul class="help bullets">
          <li>
            CSV has the names of the fields in its first row:{' '}
            {columns.fields.map(({ title }) => title).join(', ')}. Other names can be matched in the next
            step.
          </li>
          <li>An empty cell is a field that is not set.</li>
          {columns.known.some(({ field }) => field.control === 'words') && (
            <li>Words of a list are separated by commas or semicolons.</li>
          )}
          {columns.maps[0] && (
            <li>
              A column such as <code>{columns.maps[0].header}.colour</code> sets “colour” in{' '}
              {columns.maps[0].title}.
            </li>
          )}
          <li>
            JSON is an array of objects, or one object a line. In CSV, a cell of any other field is JSON.
          </li>
          <li>A file that was exported here can be imported as it is.</li>
        </ul>
      </div>
      <div class="actions">
        <button type="button" onClick={downloadTemplate}>
          <Icon name="download" />
          Download an empty CSV file
        </button>
      </div>
    </>
  );
}

const GUESSED = 'The file is not in UTF-8, and was read as Windows-1252. Check that its letters are right.';

/** Import of a file: choose it, look at what it would create, and follow the run. Knows neither the format of a file nor the API. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { messageOf } from '../api/problem';
import { service } from '../contract/service';
import { useStore } from '../store';
import { Dialog } from '../ui/parts';
import { Choose } from './Choose';
import { type ImportProps, useImporter } from './importer';
import { Preview } from './Preview';
import { Progress } from './Progress';
import type { Source } from './source';
import './import.css';

export default function ImportDialog({ list, sub, onClose }: ImportProps & { onClose: () => void }) {
  const importer = useImporter({ list, sub });
  const progress = useStore(importer.store);
  const [chosen, setChosen] = useState<{ source: Source; text: string } | null>(null);
  const [known, setKnown] = useState(false);
  const [error, setError] = useState('');
  useEffect(() => {
    importer
      .recall(sub)
      .catch((reason: unknown) => setError(messageOf(reason)))
      .finally(() => setKnown(true));
  }, []);
  // What had the focus goes away with its step.
  const step = progress ? 'run' : chosen ? 'preview' : 'choose';
  const body = useRef<HTMLDivElement>(null);
  const before = useRef(step);
  useEffect(() => {
    if (before.current !== step) body.current?.closest('dialog')?.querySelector('h2')?.focus();
    before.current = step;
  }, [step]);
  const title = progress ? `Import of ${progress.run.file}` : `Import ${service.plural}`;
  return (
    <Dialog title={title} kind="box wide" onClose={onClose}>
      <div ref={body} class="import">
        {progress ? (
          <Progress importer={importer} progress={progress} onClose={onClose} />
        ) : chosen ? (
          <Preview
            {...chosen}
            list={list}
            sub={sub}
            onBack={() => setChosen(null)}
            onSource={(source) => setChosen({ ...chosen, source })}
            onStart={(run) => importer.begin(run)}
          />
        ) : (
          known && <Choose onChoose={setChosen} />
        )}
        {error && (
          <p class="notice error" role="alert">
            {error}
          </p>
        )}
        {!known && <p role="status">Loading…</p>}
      </div>
    </Dialog>
  );
}

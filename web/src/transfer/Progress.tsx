/** The last step of an import: how far it is, stopping and going on, and what became of the rows. */
import { counted, service } from '../contract/service';
import { downloadFailures } from './failures';
import { resultOf } from './words';
import type { Importer, Progress as State } from './run';

interface Props {
  importer: Importer;
  progress: State;
  onClose: () => void;
}

const SHOWN = 50;

export function Progress({ importer, progress, onClose }: Props) {
  const { run, state, reason, counts, left, failures } = progress;
  const total = run.rows.filter(({ fault }) => !fault).length;
  const close = () => {
    onClose();
    if (state === 'finished') void importer.forget();
  };
  return (
    <>
      <div class="body">
        <progress max={total} value={total - left} aria-label="Rows that are done" />
        <p role="status">
          {state === 'running' &&
            `Creating ${counted(total)}. You can close this window: the import goes on.`}
          {state === 'paused' && `Stopped. ${reason}`}
          {state === 'finished' && `Done. ${resultOf(progress)}`}
        </p>
        <dl class="counts">
          <Count of={counts.created} what="created" />
          <Count of={counts.known} what="created by an earlier import, not again" />
          <Count of={counts.deleted} what="created by an earlier import and deleted since" />
          <Count of={failures.length - counts.deleted} what="failed or left out" />
          <Count of={left} what="left" />
        </dl>
        {failures.length > 0 && (
          <ul class="left-out" tabIndex={0} aria-label="Rows that were not created">
            {failures.slice(0, SHOWN).map(({ row, why }) => (
              <li key={row.place}>
                <strong>Row {row.place}</strong> {why}
              </li>
            ))}
            {failures.length > SHOWN && <li>and {(failures.length - SHOWN).toLocaleString()} more</li>}
          </ul>
        )}
      </div>
      <div class="actions">
        {failures.length > 0 && (
          <button type="button" onClick={() => downloadFailures(run.file, run.format, run.headers, failures)}>
            Download these rows
          </button>
        )}
        <span class="space" />
        {state === 'running' && (
          <button type="button" onClick={() => importer.stop()}>
            Stop
          </button>
        )}
        {state === 'paused' && <Paused importer={importer} left={left} />}
        {state !== 'running' && counts.failed > 0 && (
          <button type="button" onClick={() => void importer.again('failed')}>
            Try the failed rows again
          </button>
        )}
        {state === 'finished' && counts.known > 0 && (
          <button type="button" onClick={() => void importer.again('known', true)}>
            Create {counted(counts.known)} again
          </button>
        )}
        {state === 'finished' && counts.deleted > 0 && (
          <button type="button" onClick={() => void importer.again('deleted', true)}>
            Create the deleted {counts.deleted === 1 ? service.singular : service.plural} again
          </button>
        )}
        {state === 'finished' && (
          <button type="button" class="primary" onClick={close}>
            Done
          </button>
        )}
      </div>
    </>
  );
}

function Paused({ importer, left }: { importer: Importer; left: number }) {
  return (
    <>
      <button type="button" onClick={() => void importer.forget()}>
        Do not create the rest
      </button>
      <button type="button" class="primary" onClick={() => void importer.go()}>
        Continue with {counted(left)}
      </button>
    </>
  );
}

function Count({ of, what }: { of: number; what: string }) {
  if (!of) return null;
  return (
    <div>
      <dt>{what}</dt>
      <dd>{of.toLocaleString()}</dd>
    </div>
  );
}

/** The job under way: its progress, and a stop; afterwards what failed, if anything did. Knows not what the job does. */
import { useEffect, useState } from 'preact/hooks';
import { counted } from '../../contract/service';
import { useStore } from '../../store';
import { Icon } from '../../ui/parts';
import { Failures } from './Failures';
import { current, retryable, type Task } from './tasks';
import './bulk.css';

export default function JobBar({ task }: { task: Task }) {
  const { words, job, retry } = task;
  const { total, succeeded, failures, state } = useStore(job.store);
  const [open, setOpen] = useState(false);
  const running = state !== 'over';
  useEffect(() => {
    if (!running) return;
    const ask = (event: Event) => event.preventDefault(); // the browser asks whether to leave
    addEventListener('beforeunload', ask);
    return () => removeEventListener('beforeunload', ask);
  }, [running]);
  if (running) {
    const tried = succeeded + failures.length;
    return (
      <div class="bulk" role="group" aria-label="Progress">
        <p role="status">{state === 'stopping' ? 'Stopping…' : `${words.doing} ${counted(total)}…`}</p>
        <progress max={total} value={tried} aria-label={words.doing} />
        <span class="figures" aria-hidden="true">
          {tried.toLocaleString()} of {total.toLocaleString()}
        </span>
        <button type="button" class="small" disabled={state === 'stopping'} onClick={() => job.stop()}>
          Stop
        </button>
      </div>
    );
  }
  const again = retryable(failures, job.left);
  const close = () => {
    current.state = null;
  };
  return (
    <div class="bulk" role="group" aria-label="Result">
      <p role="alert">{summary(task)}</p>
      {failures.length > 0 && (
        <button type="button" class="small" onClick={() => setOpen(true)}>
          Show why
        </button>
      )}
      {again.length > 0 && (
        <button type="button" class="small" onClick={() => retry(again)}>
          {failures.length ? 'Try again' : `Continue with ${counted(again.length)}`}
        </button>
      )}
      <button type="button" class="quiet square small" aria-label="Dismiss" onClick={close}>
        <Icon name="close" />
      </button>
      {open && <Failures task={task} onClose={() => setOpen(false)} />}
    </div>
  );
}

/** Return, for example, `2 of 12 orders not deleted. Stopped: 3 of 12 orders left as they were.` */
function summary({ words, job }: Task): string {
  const { failures, total } = job.store.state;
  const left = job.left.length;
  const parts = [];
  if (failures.length) parts.push(`${failures.length.toLocaleString()} of ${counted(total)} ${words.not}.`);
  if (left)
    parts.push(
      `Stopped: ${left.toLocaleString()} of ${counted(total)} left as ${left === 1 ? 'it was' : 'they were'}.`,
    );
  return parts.join(' ');
}

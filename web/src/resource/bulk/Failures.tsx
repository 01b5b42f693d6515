/** What failed in a job and why, the same reasons together. Knows not what the job did. */
import { messageOf } from '../../api/problem';
import { counted } from '../../contract/service';
import { Dialog } from '../../ui/parts';
import { Changes } from '../Changes';
import { nameOf } from '../../list/content';
import type { Failure } from './job';
import { Changed, current, retryable, type Task } from './tasks';

const SHOWN = 100; // of one reason; the others are counted

export function Failures({ task, onClose }: { task: Task; onClose: () => void }) {
  const { failures } = task.job.store.state;
  const again = retryable(failures, task.job.left);
  const retry = () => {
    onClose();
    task.retry(again);
  };
  const done = () => {
    onClose();
    current.state = null;
  };
  return (
    <Dialog title={`${counted(failures.length)} ${task.words.not}`} kind="box wide" onClose={onClose}>
      <div class="failures">
        {[...byReason(failures)].map(([why, all]) => (
          <section key={why}>
            <h3>
              {why} <span class="help">{counted(all.length)}</span>
            </h3>
            <ul>
              {all.slice(0, SHOWN).map(({ entry, reason }) => (
                <li key={entry.id}>
                  <bdi>{nameOf(entry)}</bdi>
                  {reason instanceof Changed && <Changes before={entry} after={reason.theirs} />}
                </li>
              ))}
              {all.length > SHOWN && <li class="help">and {(all.length - SHOWN).toLocaleString()} more</li>}
            </ul>
          </section>
        ))}
      </div>
      <div class="actions">
        <button type="button" onClick={again.length ? onClose : done}>
          Close
        </button>
        {again.length > 0 && (
          <button type="button" class="primary" onClick={retry}>
            Try again with {counted(again.length)}
          </button>
        )}
      </div>
    </Dialog>
  );
}

function byReason(failures: readonly Failure[]): Map<string, Failure[]> {
  const groups = new Map<string, Failure[]>();
  for (const failure of failures) {
    const why = messageOf(failure.reason);
    groups.set(why, [...(groups.get(why) ?? []), failure]);
  }
  return groups;
}

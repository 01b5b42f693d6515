/** What deleting and jobs show above every page: a question, the progress, what failed. Knows not who started them. */
import { Suspense } from 'preact/compat';
import { useEffect } from 'preact/hooks';
import { useStore } from '../store';
import { later } from '../ui/later';
import { forgetUndo } from '../ui/undo';
import { current } from './bulk/tasks';
import { question } from './delete';

const DeleteDialog = later(() => import('./DeleteDialog'));
const JobBar = later(() => import('./bulk/JobBar'));

/** For one user: with another, render it with another key. */
export function Pending() {
  const asked = useStore(question);
  const task = useStore(current);
  useEffect(() => forget, []);
  return (
    <Suspense fallback={null}>
      {task && <JobBar key={task.number} task={task} />}
      {asked && <DeleteDialog asked={asked} />}
    </Suspense>
  );
}

/** What one user did or was asked is nothing that another may undo or answer. */
function forget(): void {
  question.state = null;
  current.state?.job.stop();
  current.state = null;
  forgetUndo();
}

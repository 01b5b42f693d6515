/** What deleting and jobs show above every page: a question, the progress, what failed. Knows not who started them. */
import { Suspense } from 'preact/compat';
import { useStore } from '../store';
import { later } from '../ui/later';
import { current } from './bulk/tasks';
import { question } from './delete';

const DeleteDialog = later(() => import('./DeleteDialog'));
const JobBar = later(() => import('./bulk/JobBar'));

export function Pending() {
  const asked = useStore(question);
  const task = useStore(current);
  return (
    <Suspense fallback={null}>
      {task && <JobBar key={task.number} task={task} />}
      {asked && <DeleteDialog asked={asked} />}
    </Suspense>
  );
}

/** A point in time as people say it, with the exact one on hover; it is renewed every half minute. */
import { Store, useStore } from '../store';
import { local, relative, utc } from './time';

const now = new Store(Date.now());
const PERIOD = 30_000;

const tick = () => {
  if (!document.hidden) now.state = Date.now();
};
setInterval(tick, PERIOD);
document.addEventListener('visibilitychange', tick);

export function Ago({ at }: { at: string }) {
  const present = useStore(now);
  return (
    <time dateTime={at} title={`${local(at).join(' ')} · ${utc(at)}`}>
      {relative(at, present)}
    </time>
  );
}

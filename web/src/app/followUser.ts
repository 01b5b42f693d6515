/** Gives the lists to whoever is signed in. Knows no markup. */
import type { Sessions } from '../auth/session';
import type { Lists } from '../list/list';
import { keepInStep } from '../list/tabs';

export function followUser(sessions: Sessions, lists: Lists): void {
  let user: string | null = null;
  let leave = () => {};
  const follow = () => {
    const session = sessions.store.state;
    const now = session.state === 'out' ? null : session.sub;
    if (now === user) return;
    leave();
    user = now;
    leave = now === null ? () => {} : keepInStep(lists, now);
  };
  follow();
  sessions.store.subscribe(follow);
}

/** Signing out, here or everywhere, and what becomes of the drafts then. */
import { useState } from 'preact/hooks';
import { SessionEnded, messageOf } from '../api/problem';
import { draftsOf } from '../resource/drafts';
import { useServices } from '../services';
import { useStore } from '../store';

export function SignOut({ sub }: { sub: string }) {
  const { sessions } = useServices();
  const drafts = draftsOf(sub);
  const count = useStore(drafts.store).length;
  const [drop, setDrop] = useState(false);
  const [error, setError] = useState('');
  const signOut = async (everywhere: boolean) => {
    setError('');
    try {
      await sessions.signOut(everywhere, () => {
        if (drop) drafts.dropAll();
      });
    } catch (reason) {
      if (!(reason instanceof SessionEnded)) setError(`${messageOf(reason)} You are still signed in.`);
    }
  };
  return (
    <>
      {count > 0 && <Kept count={count} drop={drop} onDrop={setDrop} />}
      <button type="button" class="quiet" onClick={() => void signOut(false)}>
        Sign out
      </button>
      <button type="button" class="quiet" onClick={() => void signOut(true)}>
        Sign out on all devices
      </button>
      <p class="help">Other devices are signed out when their access token expires, within an hour.</p>
      <p class="faults" role="alert">
        {error}
      </p>
    </>
  );
}

function Kept({ count, drop, onDrop }: { count: number; drop: boolean; onDrop: (drop: boolean) => void }) {
  const [what, them] =
    count === 1 ? ['1 draft stays', 'it'] : [`${count.toLocaleString()} drafts stay`, 'them'];
  return (
    <div class="at-sign-out">
      <p>{what} in this browser until you sign in again.</p>
      <label>
        <input
          type="checkbox"
          checked={drop}
          onChange={({ currentTarget }) => onDrop(currentTarget.checked)}
        />
        Delete {them} when signing out
      </label>
    </div>
  );
}

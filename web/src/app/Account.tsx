/** The menu of the account: who is signed in, and signing out. Knows no page. */
import { useState } from 'preact/hooks';
import { SessionEnded, messageOf } from '../api/problem';
import { useServices } from '../services';
import { Icon } from '../ui/parts';

export function Account({ email }: { email: string }) {
  const { sessions } = useServices();
  const [error, setError] = useState('');
  const signOut = async (everywhere: boolean) => {
    try {
      await sessions.signOut(everywhere);
    } catch (reason) {
      if (!(reason instanceof SessionEnded)) setError(`${messageOf(reason)} You are still signed in.`);
    }
  };
  return (
    <>
      <button type="button" class="quiet account" popovertarget="account" aria-label={`Account of ${email}`}>
        <Icon name="user" />
        <span>{email}</span>
      </button>
      <div id="account" popover="auto" class="menu">
        <p>
          Signed in as <strong dir="auto">{email}</strong>
        </p>
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
      </div>
    </>
  );
}

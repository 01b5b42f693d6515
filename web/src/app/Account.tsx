/** The menu of the account: who is signed in, the theme, and signing out. Knows no page. */
import { useState } from 'preact/hooks';
import { SessionEnded, messageOf } from '../api/problem';
import { useServices } from '../services';
import { useCommands } from '../ui/commands';
import { Icon } from '../ui/parts';
import { ThemeChoice } from './ThemeChoice';

const MENU = 'account';

export function Account({ email }: { email: string }) {
  const { sessions } = useServices();
  const [error, setError] = useState('');
  const signOut = async (everywhere: boolean) => {
    setError('');
    try {
      await sessions.signOut(everywhere);
    } catch (reason) {
      if (!(reason instanceof SessionEnded)) setError(`${messageOf(reason)} You are still signed in.`);
    }
  };
  useCommands(() => [
    {
      id: 'account',
      label: 'Account, theme and signing out',
      icon: 'user',
      run: () => document.getElementById(MENU)?.showPopover(),
    },
  ]);
  return (
    <>
      <button type="button" class="quiet account" popovertarget={MENU} aria-label={`Account of ${email}`}>
        <Icon name="user" />
        <span>{email}</span>
      </button>
      <div id={MENU} popover="auto" class="menu">
        <p>
          Signed in as <strong dir="auto">{email}</strong>
        </p>
        <ThemeChoice />
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

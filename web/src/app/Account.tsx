/** The menu of the account: who is signed in, the theme, and signing out. Knows no page. */
import { useCommands } from '../ui/commands';
import { Icon } from '../ui/parts';
import { Shortcut } from '../ui/Shortcut';
import { openShortcuts } from './overlay';
import { SignOut } from './SignOut';
import { ThemeChoice } from './ThemeChoice';

const MENU = 'account';

export function Account({ email, sub }: { email: string; sub: string }) {
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
        <button
          type="button"
          class="quiet"
          popovertarget={MENU}
          popovertargetaction="hide"
          onClick={openShortcuts}
        >
          Keyboard shortcuts
          <Shortcut keys="?" />
        </button>
        <SignOut sub={sub} />
      </div>
    </>
  );
}

/** The bar at the top of every page. Knows no page. */
import { service } from '../contract/service';
import { useServices } from '../services';
import { useStore } from '../store';
import { Icon } from '../ui/parts';
import { path, routeOf } from '../ui/router';
import { Account } from './Account';
import { useLeaving } from './leave';
import { ThemeChoice } from './ThemeChoice';

export function Header() {
  const session = useStore(useServices().sessions.store);
  const { page } = routeOf(useStore(path));
  const elsewhere = page === 'reference' || page === 'unknown'; // the other pages begin with signing in
  return (
    <header class="bar">
      <a class="brand" href="/">
        <img src="/icon.svg" alt="" width="24" height="24" />
        {service.title}
      </a>
      <nav aria-label="Main">
        <a href="/reference" aria-current={page === 'reference' ? 'page' : undefined}>
          API reference
        </a>
      </nav>
      {session.state === 'out' ? (
        <>
          <Settings />
          {elsewhere && <SignIn />}
        </>
      ) : (
        <Account email={session.email} sub={session.sub} />
      )}
    </header>
  );
}

/** What can be chosen without an account. */
function Settings() {
  return (
    <>
      <button type="button" class="quiet square" popovertarget="account" aria-label="Theme" title="Theme">
        <Icon name="theme" />
      </button>
      <div id="account" popover="auto" class="menu">
        <ThemeChoice />
      </div>
    </>
  );
}

function SignIn() {
  const { sessions } = useServices();
  const { leave, leaving, failure } = useLeaving();
  return (
    <>
      <span role="alert">{failure}</span>
      <button type="button" disabled={leaving} onClick={() => leave(() => sessions.signIn())}>
        Sign in
      </button>
    </>
  );
}

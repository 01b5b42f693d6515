/** The frame around every page: header, session, routing, notices. */
import { lazy, Suspense } from 'preact/compat';
import { useState } from 'preact/hooks';
import { SessionEnded, messageOf } from './api/problem';
import { service } from './contract/service';
import { ListPage } from './resource/ListPage';
import type { Lists } from './resource/recovery';
import { type Services, ServicesContext, useServices } from './services';
import { useStore } from './store';
import { Dialog, Icon, useTitle, WaitBar } from './ui/parts';
import { follow, path, routeOf } from './ui/router';
import { nextTheme, theme } from './ui/theme';
import { Toasts } from './ui/toasts';
import './app.css';

// Apart from the first load. Their files no longer exist if a newer version of the app was deployed after this page was loaded.
const Reference = lazy(() => import('./reference/Reference').catch(() => ({ default: Unloaded })));
const TrashPage = lazy(() => import('./resource/TrashPage').catch(() => ({ default: Unloaded })));

interface Props {
  services: Services;
  lists: Lists;
  /** Why a sign-in failed; empty otherwise. */
  failure: string;
}

export function App({ services, lists, failure }: Props) {
  const session = useStore(services.sessions.store);
  const route = routeOf(useStore(path));
  const signedIn = session.state !== 'out';
  return (
    <ServicesContext.Provider value={services}>
      <div class="app" onClick={follow}>
        <a class="skip" href="#main">
          Skip to content
        </a>
        <Header />
        <main id="main" tabIndex={-1}>
          <WaitBar />
          {route.page === 'reference' && (
            <Suspense fallback={<p class="page">Loading the reference…</p>}>
              <Reference base={services.api.base} />
            </Suspense>
          )}
          {route.page === 'unknown' && <NotFound />}
          {(route.page === 'list' || route.page === 'trash') && !signedIn && <Welcome failure={failure} />}
          {route.page === 'list' && signedIn && (
            <ListPage lists={lists} open={route.open} sub={session.sub} />
          )}
          {route.page === 'trash' && signedIn && (
            <Suspense fallback={<p class="page">Loading the trash…</p>}>
              <TrashPage lists={lists} sub={session.sub} />
            </Suspense>
          )}
        </main>
        <Toasts />
        {session.state === 'ended' && <Ended />}
      </div>
    </ServicesContext.Provider>
  );
}

function Header() {
  const { sessions } = useServices();
  const session = useStore(sessions.store);
  const here = useStore(path);
  const shown = useStore(theme);
  return (
    <header class="bar">
      <a class="brand" href="/">
        <img src="/icon.svg" alt="" width="24" height="24" />
        {service.title}
      </a>
      <nav aria-label="Main">
        <a href="/reference" aria-current={here === '/reference' ? 'page' : undefined}>
          API reference
        </a>
      </nav>
      <button
        type="button"
        class="quiet square"
        aria-label={`Theme: ${shown}. Change`}
        title={`Theme: ${shown}`}
        onClick={nextTheme}
      >
        <Icon name="theme" />
      </button>
      {session.state === 'out' ? (
        <button type="button" onClick={() => void sessions.signIn()}>
          Sign in
        </button>
      ) : (
        <Account email={session.email} />
      )}
    </header>
  );
}

function Account({ email }: { email: string }) {
  const { sessions } = useServices();
  const [error, setError] = useState('');
  const signOut = async (everywhere: boolean) => {
    try {
      await sessions.signOut(everywhere);
      sessionStorage.clear(); // drafts too
    } catch (reason) {
      if (!(reason instanceof SessionEnded)) setError(messageOf(reason));
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

function Welcome({ failure }: { failure: string }) {
  const { sessions, signUp } = useServices();
  return (
    <section class="welcome">
      <h1>Your {service.plural}, in one place</h1>
      <p>
        Create, search, edit and delete {service.plural} here. Everything this page does goes through an API
        that you can call too.
      </p>
      {failure && (
        <p class="notice error" role="alert">
          {failure}
        </p>
      )}
      <div class="actions">
        <button type="button" class="primary" onClick={() => void sessions.signIn()}>
          Sign in to see your {service.plural}
        </button>
        {signUp && (
          <button type="button" onClick={() => void sessions.signUp()}>
            Create an account
          </button>
        )}
      </div>
      <p class="help">
        You sign in on the service's own page.
        {!signUp && ' An account comes with an invitation by e-mail.'} To look around first, read the{' '}
        <a href="/reference">API reference</a>.
      </p>
    </section>
  );
}

function Ended() {
  const { sessions } = useServices();
  const [leaving, setLeaving] = useState(false);
  const again = () => {
    setLeaving(true);
    void sessions.signIn();
  };
  return (
    <Dialog title="Your session has ended" kind="box" onClose={again}>
      <p>Sign in again to continue. You return to this page, and what you typed is kept.</p>
      <div class="actions">
        <button type="button" class="primary" disabled={leaving} onClick={again}>
          Sign in again
        </button>
      </div>
    </Dialog>
  );
}

function Unloaded() {
  return (
    <section class="welcome" role="alert">
      <h1>The page could not be loaded</h1>
      <p>You are offline, or a newer version of this app was deployed.</p>
      <button type="button" class="primary" onClick={() => location.reload()}>
        Reload the page
      </button>
    </section>
  );
}

function NotFound() {
  useTitle('Page not found');
  return (
    <section class="welcome">
      <h1>Page not found</h1>
      <p>
        There is no page at this address. <a href="/">Go to your {service.plural}</a>.
      </p>
    </section>
  );
}

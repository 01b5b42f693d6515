/** The frame around every page: header, session, routing, notices. */
import { Suspense } from 'preact/compat';
import { Ended } from './app/Ended';
import { Header } from './app/Header';
import { Keyboard } from './app/Keyboard';
import { NotFound } from './app/NotFound';
import { Welcome } from './app/Welcome';
import type { Lists } from './list/list';
import { ListPage } from './resource/ListPage';
import { Pending } from './resource/Pending';
import { type Services, ServicesContext } from './services';
import { useStore } from './store';
import { later } from './ui/later';
import { WaitBar } from './ui/parts';
import { follow, path, routeOf } from './ui/router';
import { Toasts } from './ui/toasts';
import './app.css';

const Reference = later(() => import('./reference/Reference'));
const TrashPage = later(() => import('./resource/TrashPage'));

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
          {(route.page === 'list' || route.page === 'trash') && !signedIn && (
            <Welcome route={route} failure={failure} />
          )}
          {route.page === 'list' && signedIn && (
            <ListPage lists={lists} open={route.open} sub={session.sub} />
          )}
          {route.page === 'trash' && signedIn && (
            <Suspense fallback={<p class="page">Loading the trash…</p>}>
              <TrashPage lists={lists} sub={session.sub} />
            </Suspense>
          )}
        </main>
        {signedIn && <Pending key={session.sub} />}
        <Toasts />
        <Keyboard signedIn={signedIn} lists={lists} />
        {session.state === 'ended' && <Ended session={session} />}
      </div>
    </ServicesContext.Provider>
  );
}

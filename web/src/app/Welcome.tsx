/** What people see who have not signed in: what the app is, and the way in. */
import { has, service } from '../contract/service';
import { useServices } from '../services';
import { useTitle } from '../ui/parts';
import type { Route } from '../ui/router';
import { useLeaving } from './leave';
import { Password } from './Password';
import { Preview } from './Preview';
import './Welcome.css';

interface Props {
  route: Route;
  /** Why a sign-in failed; empty otherwise. */
  failure: string;
}

export function Welcome({ route, failure }: Props) {
  const { sessions, signUp } = useServices();
  const { leave, leaving, failure: stayed } = useLeaving();
  const wanted = wantedOf(route);
  const wrong = stayed || failure;
  useTitle('Sign in');
  return (
    <div class="front">
      <section class="welcome">
        <h1>{wanted ? `Sign in to ${wanted}` : `Your ${service.plural}, in one place`}</h1>
        <p class="lead">
          {wanted
            ? 'You come back to this page when you have signed in.'
            : `Create, search, edit and delete ${service.plural}. Everything this page does goes through an API that you can call too.`}
        </p>
        {wrong && (
          <p class="notice error" role="alert">
            {wrong}
          </p>
        )}
        <div class="actions">
          <button
            type="button"
            class="primary"
            disabled={leaving}
            onClick={() => leave(() => sessions.signIn())}
          >
            {wanted ? 'Sign in' : `Sign in to see your ${service.plural}`}
          </button>
          {signUp && (
            <button type="button" disabled={leaving} onClick={() => leave(() => sessions.signUp())}>
              Create an account
            </button>
          )}
        </div>
        <div class="help">
          {!signUp && <p>An account comes with an invitation by e-mail.</p>}
          <Password />
          <p>
            To look around first, read the <a href="/reference">API reference</a>.
          </p>
        </div>
        {!wanted && <Promises />}
      </section>
      <Preview />
    </div>
  );
}

/** Return what the address asks for, or null if it asks for nothing in particular. */
function wantedOf(route: Route): string | null {
  if (route.page === 'trash') return 'open the trash';
  if (route.page !== 'list' || !route.open) return null;
  return route.open === 'new' ? `create a new ${service.singular}` : `open this ${service.singular}`;
}

function Promises() {
  const { trashDays } = useServices();
  return (
    <ul class="promises">
      <li>Search, sort and filter by every field, and share the view as a link.</li>
      <li>What you type is kept, even if the network or your session ends.</li>
      {has('restore') && trashDays > 0 && <li>What you delete can be restored for {trashDays} days.</li>}
    </ul>
  );
}

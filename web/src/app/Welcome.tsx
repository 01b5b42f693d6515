/** What somebody sees who is not signed in. */
import { service } from '../contract/service';
import { useServices } from '../services';
import { useLeaving } from './leave';

export function Welcome({ failure }: { failure: string }) {
  const { sessions, signUp } = useServices();
  const { leave, leaving, failure: stayed } = useLeaving();
  const wrong = stayed || failure;
  return (
    <section class="welcome">
      <h1>Your {service.plural}, in one place</h1>
      <p>
        Create, search, edit and delete {service.plural} here. Everything this page does goes through an API
        that you can call too.
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
          Sign in to see your {service.plural}
        </button>
        {signUp && (
          <button type="button" disabled={leaving} onClick={() => leave(() => sessions.signUp())}>
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

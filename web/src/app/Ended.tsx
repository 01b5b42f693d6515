/** The dialog above the page as it was when its session is over: to sign in again, or to go on as somebody else. */
import type { Session } from '../auth/session';
import { useServices } from '../services';
import { Dialog } from '../ui/parts';
import { useLeaving } from './leave';

type Over = Extract<Session, { state: 'ended' }>;

export function Ended({ session }: { session: Over }) {
  const { sessions } = useServices();
  const { leave, leaving, failure } = useLeaving();
  const again = () => leave(() => sessions.signIn());
  const change = () => leave(() => sessions.switch());
  const { email, next } = session;
  return (
    <Dialog
      title={next ? 'Somebody else has signed in' : 'Your session has ended'}
      kind="box"
      onClose={next ? change : again}
    >
      {next ? (
        <p>
          In another tab, <strong dir="auto">{next}</strong> has signed in. This page belongs to{' '}
          <strong dir="auto">{email}</strong>, whose unsaved changes are kept.
        </p>
      ) : (
        <p>Sign in again to continue. You return to this page, and what you typed is kept.</p>
      )}
      <p class="faults" role="alert">
        {failure}
      </p>
      <div class="actions">
        <button type="button" class="primary" disabled={leaving} onClick={next ? change : again}>
          {next ? `Continue as ${next}` : 'Sign in again'}
        </button>
      </div>
    </Dialog>
  );
}

/** The dialog that asks to sign in again when the session is over, above the page as it was. */
import { useState } from 'preact/hooks';
import { useServices } from '../services';
import { Dialog } from '../ui/parts';

export function Ended() {
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

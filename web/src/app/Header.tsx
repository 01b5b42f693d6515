/** The bar at the top of every page. Knows no page. */
import { service } from '../contract/service';
import { useServices } from '../services';
import { useStore } from '../store';
import { Icon } from '../ui/parts';
import { path } from '../ui/router';
import { nextTheme, theme } from '../ui/theme';
import { Account } from './Account';
import { useLeaving } from './leave';

export function Header() {
  const { sessions } = useServices();
  const session = useStore(sessions.store);
  const { leave, leaving, failure } = useLeaving();
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
        <button
          type="button"
          disabled={leaving}
          title={failure || undefined}
          onClick={() => leave(() => sessions.signIn())}
        >
          Sign in
        </button>
      ) : (
        <Account email={session.email} />
      )}
    </header>
  );
}

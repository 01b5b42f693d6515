/** The page for an address that the app does not have. */
import { service } from '../contract/service';
import { useTitle } from '../ui/parts';

export function NotFound() {
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

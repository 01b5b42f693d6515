/** Parts of the app that are loaded when they are first shown. Knows none of them. */
import { type ComponentType } from 'preact';
import { lazy } from 'preact/compat';

/** Return a component whose file is loaded apart from the first load; render it within a `Suspense`. */
export function later<Props>(load: () => Promise<{ default: ComponentType<Props> }>) {
  // Its file no longer exists if a newer version of the app was deployed after this page was loaded.
  return lazy<ComponentType<Props>>(() => load().catch(() => ({ default: Unloaded })));
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

/** The commands that every page has, and the palette and the list that show all. Knows no command of a view. */
import { Suspense } from 'preact/compat';
import { useLayoutEffect } from 'preact/hooks';
import { collection, has, service, trash } from '../contract/service';
import type { Lists } from '../list/list';
import { useServices } from '../services';
import { useStore } from '../store';
import { type Command, useCommands } from '../ui/commands';
import { later } from '../ui/later';
import { go } from '../ui/router';
import { setTheme, THEMES } from '../ui/theme';
import { focusNotice } from '../ui/toasts';
import { canUndo, undoLast } from '../ui/undo';
import { catchEarly, openPalette, openShortcuts, overlay } from './overlay';

const Palette = later(() => import('./Palette'));
const Shortcuts = later(() => import('./Shortcuts'));

export function Keyboard({ signedIn, lists }: { signedIn: boolean; lists: Lists }) {
  const { sessions } = useServices();
  const open = useStore(overlay);
  useCommands(() => [
    ...onThePage(signedIn),
    ...elsewhere(signedIn),
    { id: 'signIn', label: 'Sign in', icon: 'user', enabled: !signedIn, run: () => void sessions.signIn() },
  ]);
  return (
    <Suspense fallback={<Opening />}>
      {open?.shown === 'palette' && (
        <Palette commands={open.commands} early={open.early} list={signedIn ? lists.present : null} />
      )}
      {open?.shown === 'shortcuts' && <Shortcuts commands={open.commands} />}
    </Suspense>
  );
}

function onThePage(signedIn: boolean): Command[] {
  return [
    {
      id: 'palette',
      label: 'Search for a command',
      keys: 'mod+k',
      hidden: true,
      anywhere: true,
      run: openPalette,
    },
    {
      id: 'new',
      label: `New ${service.singular}`,
      keys: 'n',
      icon: 'plus',
      enabled: signedIn,
      run: () => go(`${collection}/new`),
    },
    {
      id: 'undo',
      label: 'Undo',
      keys: 'z',
      icon: 'restore',
      anywhere: true,
      enabled: canUndo(),
      run: undoLast,
    },
    { id: 'shortcuts', label: 'Keyboard shortcuts', keys: '?', anywhere: true, run: openShortcuts },
    {
      id: 'notice',
      label: 'Go to the latest notice',
      keys: 'f8',
      hidden: true,
      enabled: document.querySelector('.toast') !== null,
      run: focusNotice,
    },
  ];
}

function elsewhere(signedIn: boolean): Command[] {
  const page = (id: string, label: string, path: string, enabled = true): Command => {
    return { id, label, icon: 'back', enabled: enabled && location.pathname !== path, run: () => go(path) };
  };
  return [
    page('list', `Go to your ${service.plural}`, '/', signedIn),
    { ...page('trash', 'Go to the trash', trash, signedIn && has('restore')), icon: 'trash' },
    { ...page('reference', 'Go to the API reference', '/reference'), icon: 'code' },
    ...THEMES.map((name): Command => ({
      id: `theme.${name}`,
      label: `Theme: ${name}`,
      icon: 'theme',
      run: () => setTheme(name),
    })),
  ];
}

/** While the palette is being loaded, what is typed is meant for it. */
function Opening() {
  useLayoutEffect(() => {
    addEventListener('keydown', catchEarly, { capture: true });
    return () => removeEventListener('keydown', catchEarly, { capture: true });
  }, []);
  return null;
}

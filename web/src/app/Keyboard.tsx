/** The commands that every page has. Knows no command of a view. */
import { collection, service } from '../contract/service';
import { useCommands } from '../ui/commands';
import { go } from '../ui/router';
import { focusNotice } from '../ui/toasts';
import { canUndo, undoLast } from '../ui/undo';

export function Keyboard({ signedIn }: { signedIn: boolean }) {
  useCommands(() => [
    {
      id: 'new',
      label: `New ${service.singular}`,
      keys: 'n',
      icon: 'plus',
      enabled: signedIn,
      run: () => go(`${collection}/new`),
    },
    {
      id: 'search',
      label: `Search ${service.plural}`,
      keys: '/',
      icon: 'search',
      enabled: searchField() !== null,
      run: () => searchField()?.select(),
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
    {
      id: 'notice',
      label: 'Go to the latest notice',
      keys: 'f8',
      hidden: true,
      enabled: document.querySelector('.toast') !== null,
      run: focusNotice,
    },
  ]);
  return null;
}

function searchField(): HTMLInputElement | null {
  return document.querySelector('main input[type=search]');
}

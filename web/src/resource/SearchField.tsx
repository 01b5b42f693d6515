/** The search field, with the count of what was found in it. Knows no entry. */
import { useRef } from 'preact/hooks';
import { useCommands } from '../ui/commands';
import { Icon } from '../ui/parts';

interface Props {
  /** In the plural, within a sentence. */
  what: string;
  search: string;
  onSearch: (search: string) => void;
  /** How many are shown, and of how many, if not all are. */
  found: { shown: number; loaded: number } | null;
  state: 'complete' | 'loading' | 'partial';
  onStop: () => void;
  onContinue: () => void;
}

export function SearchField({ what, search, onSearch, found, state, onStop, onContinue }: Props) {
  const input = useRef<HTMLInputElement>(null);
  useCommands([
    {
      id: 'list.search',
      label: `Search ${what}`,
      keys: '/',
      icon: 'search',
      run: () => input.current?.focus(),
    },
  ]);
  return (
    <div class="search">
      <label>
        <Icon name="search" />
        <span class="hidden">Search {what}</span>
        <input
          ref={input}
          type="search"
          placeholder={`Search ${what}`}
          value={search}
          onInput={(event) => onSearch(event.currentTarget.value)}
        />
      </label>
      <span class="found">
        <span role="status">{found && countOf(found, state)}</span>
        {found && state === 'loading' && (
          <button
            type="button"
            class="quiet tiny square"
            aria-label="Stop loading"
            title="Stop loading"
            onClick={onStop}
          >
            <Icon name="close" />
          </button>
        )}
        {found && state === 'partial' && (
          <button type="button" class="quiet small" onClick={onContinue}>
            Load the rest
          </button>
        )}
      </span>
    </div>
  );
}

function countOf({ shown, loaded }: NonNullable<Props['found']>, state: Props['state']): string {
  const count = `${shown.toLocaleString()} of ${loaded.toLocaleString()}`;
  if (state === 'complete') return count;
  return state === 'loading' ? `${count}, loading…` : `${count} loaded`;
}

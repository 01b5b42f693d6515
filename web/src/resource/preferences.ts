/** How each user likes the tables: columns and density, remembered in the browser and in step between its tabs. Knows no column. */
import { Store } from '../store';

export type Density = 'comfortable' | 'compact';

export interface Preferences {
  density: Density;
  /** The keys of the columns of each table, by its name. A table without an entry has its own. */
  columns: Record<string, string[]>;
}

const stores = new Map<string, Store<Preferences>>();
const nameOf = (sub: string) => `table:${sub}`;

/** Return what a user prefers. */
export function preferencesOf(sub: string): Store<Preferences> {
  const known = stores.get(sub);
  if (known) return known;
  const store = new Store(read(localStorage.getItem(nameOf(sub))));
  stores.set(sub, store);
  return store;
}

export function prefer(sub: string, part: Partial<Preferences>): void {
  const store = preferencesOf(sub);
  store.state = { ...store.state, ...part };
  localStorage.setItem(nameOf(sub), JSON.stringify(store.state));
}

addEventListener('storage', ({ key, newValue }) => {
  for (const [sub, store] of stores) if (key === nameOf(sub)) store.state = read(newValue);
});

/** Return what a text says, and the usual for everything that it does not say in a way that this version knows. */
function read(text: string | null): Preferences {
  const stored = parsed(text);
  const columns = Object.entries(stored.columns ?? {}).filter(
    ([, keys]) => Array.isArray(keys) && keys.every((key) => typeof key === 'string'),
  );
  return {
    density: stored.density === 'compact' ? 'compact' : 'comfortable',
    columns: Object.fromEntries(columns),
  };
}

function parsed(text: string | null): Partial<Preferences> {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return typeof value === 'object' && value !== null ? value : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {}; // written by hand, or by another app at this address
    throw error;
  }
}

/** Which dialog of this folder is open; any view can open one, without loading it. */
import { Store } from '../store';

export const transfer = new Store<'import' | 'export' | null>(null);

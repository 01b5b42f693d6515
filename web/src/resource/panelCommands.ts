/** What can be done with the open resource, as commands for its buttons, its menu, the keyboard and the palette. Knows no markup. */
import type { Resource } from '../api/client';
import { capitalised, collection, service } from '../contract/service';
import type { ResourceList } from '../list/list';
import { contentOf } from '../list/content';
import type { Command } from '../ui/commands';
import { go } from '../ui/router';
import { toast } from '../ui/toasts';
import { compose } from './compose';
import { draftOf } from './drafts';
import type { Editor } from './editor';

export interface Scene {
  editor: Editor;
  list: ResourceList;
  /** As the list shows them, for the next and the previous one. */
  entries: Resource[];
  onDelete: (resource: Resource) => void;
  /** Keep what is typed before something else is opened. */
  leave: () => void;
  close: () => void;
}

export type Name = 'edit' | 'next' | 'previous' | 'duplicate' | 'link' | 'calls' | 'delete' | 'close';

/** Return the commands; `showCalls` is null while there are none. */
export function commandsOf(scene: Scene, showCalls: (() => void) | null): Record<Name, Command> {
  const { editor, onDelete, leave, close } = scene;
  const { resource, missing, edited } = editor.store.state;
  const stored = missing ? null : resource;
  const enabled = stored !== null;
  const what = service.singular;
  const whenStored = (run: (stored: Resource) => void) => () => stored && run(stored);
  const all: Record<Name, Omit<Command, 'id' | 'group'>> = {
    edit: { label: `Edit the ${what}`, keys: 'e', icon: 'pencil', enabled, run: () => editor.edit() },
    next: { label: `Next ${what}`, keys: 'j', icon: 'next', repeat: true, ...step(scene, 1) },
    previous: { label: `Previous ${what}`, keys: 'k', icon: 'previous', repeat: true, ...step(scene, -1) },
    duplicate: {
      ...{ label: `Duplicate the ${what}`, icon: 'copy', enabled },
      run: whenStored((original) => {
        leave();
        compose(draftOf(null, contentOf(original)));
      }),
    },
    link: { label: 'Copy a link', icon: 'link', enabled, run: whenStored(({ id }) => void copyLink(id)) },
    calls: { label: 'API calls', icon: 'code', enabled: showCalls !== null, run: () => showCalls?.() },
    delete: { label: `Delete the ${what}`, icon: 'trash', enabled, run: whenStored(onDelete) },
    close: {
      ...{ label: `Close the ${what}`, keys: 'escape', hidden: true },
      run: () => (editor.id !== null && edited.length && !editor.changed ? editor.view() : close()),
    },
  };
  const named = Object.entries(all).map(([name, command]) => [
    name,
    { ...command, id: `panel.${name}`, group: capitalised(what) },
  ]);
  return Object.fromEntries(named) as Record<Name, Command>;
}

/** The command that opens the entry so many rows below. */
function step({ editor, list, entries, leave }: Scene, by: 1 | -1): Pick<Command, 'enabled' | 'run'> {
  const index = entries.findIndex(({ id }) => id === editor.id);
  const to = index < 0 ? undefined : entries[index + by];
  const run = () => {
    if (!to) return;
    leave();
    if (index + by === entries.length - 1) void list.more();
    go(`${collection}/${to.id}`, { replace: true });
  };
  return { enabled: to !== undefined, run };
}

async function copyLink(id: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(`${location.origin}${collection}/${id}`);
    toast('Link copied.');
  } catch {
    toast('This browser did not allow the page to copy. Copy the link from the address bar.');
  }
}

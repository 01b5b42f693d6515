/** The command palette: finds commands and resources by their names, and runs or opens what is chosen. */
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { collection, service } from '../contract/service';
import { queryOf, viewOf } from '../list/address';
import { nameOf } from '../list/content';
import type { ResourceList } from '../list/list';
import { folded } from '../list/text';
import { shown } from '../list/view';
import { type Command, keysOf, useCommands } from '../ui/commands';
import { Dialog, Icon } from '../ui/parts';
import { go } from '../ui/router';
import { Shortcut } from '../ui/Shortcut';
import { closeOverlay, type Early } from './overlay';
import './Palette.css';

const MOST = 6; // resources; the list shows all

interface Props {
  commands: Command[];
  early: Early;
  /** What is loaded, of a user who is signed in. */
  list: ResourceList | null;
}

export default function Palette({ commands, early, list }: Props) {
  const [typed, setTyped] = useState(early.text);
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => input.current?.focus(), []);
  useCommands([{ id: 'palette', label: 'Close', keys: 'mod+k', run: closeOverlay }], input);
  const found = [...matching(commands, typed), ...(list ? resources(list, typed) : [])];
  const current = Math.min(at, found.length - 1);
  const run = (command: Command | undefined) => {
    if (!command) return;
    closeOverlay();
    // After the dialog has given the focus back, which it does later too.
    setTimeout(() => setTimeout(command.run));
  };
  useLayoutEffect(() => {
    if (early.enter) run(found[0]);
  }, []);
  const move = (to: number) => {
    setAt(to);
    document.getElementById(optionId(to))?.scrollIntoView({ block: 'nearest' });
  };
  const press = (event: KeyboardEvent) => {
    const next = { ArrowDown: current + 1, ArrowUp: current - 1, Home: 0, End: found.length - 1 }[event.key];
    if (event.key === 'Enter') run(found[current]);
    else if (next !== undefined && found.length) move((next + found.length) % found.length);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title="Commands" kind="box palette" onClose={closeOverlay}>
      <input
        ref={input}
        type="text"
        role="combobox"
        aria-label={list ? `Search for a command or ${service.plural}` : 'Search for a command'}
        placeholder={list ? `Search for a command or ${service.plural}` : 'Search for a command'}
        aria-expanded="true"
        aria-controls="commands"
        aria-activedescendant={found.length ? optionId(current) : undefined}
        autocomplete="off"
        value={typed}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={press}
      />
      <ul id="commands" role="listbox" aria-label="Commands">
        {found.map((command, index) => (
          <li
            key={command.id}
            id={optionId(index)}
            role="option"
            aria-selected={index === current}
            onPointerMove={() => index !== current && setAt(index)}
            onClick={() => run(command)}
          >
            {command.icon ? <Icon name={command.icon} /> : <span class="icon" />}
            <bdi>{command.label}</bdi>
            {keysOf(command)[0] !== undefined && <Shortcut keys={keysOf(command)[0] ?? ''} />}
          </li>
        ))}
      </ul>
      {!found.length && <p class="none">Nothing matches.</p>}
    </Dialog>
  );
}

function optionId(index: number): string {
  return `command-${index}`;
}

/** Return the commands with every word typed, those that begin with it first. */
function matching(commands: Command[], typed: string): Command[] {
  const words = folded(typed).split(/\s+/).filter(Boolean);
  const begins = ({ label }: Command) => Number(words.length > 0 && folded(label).startsWith(words[0] ?? ''));
  return commands
    .filter(({ label, group = '' }) => words.every((word) => folded(`${label} ${group}`).includes(word)))
    .sort((one, other) => begins(other) - begins(one));
}

/** Return what opens the resources that match, among those that are loaded, and what searches all of them. */
function resources(list: ResourceList, typed: string): Command[] {
  const search = typed.trim();
  if (!search) return [];
  const found = shown(list.store.state.entries, { ...viewOf(''), search });
  return [
    ...found.slice(0, MOST).map((entry): Command => {
      return { id: entry.id, label: nameOf(entry), run: () => go(`${collection}/${entry.id}`) };
    }),
    {
      id: 'search.all',
      label: `Search all ${service.plural} for “${search}”`,
      icon: 'search',
      run: () => go(`/?${queryOf({ ...viewOf(''), search })}`),
    },
  ];
}

/** The list of shortcuts that work where it was opened, and the switch that turns single keys off. Knows no command. */
import { useStore } from '../store';
import { type Command, keysOf, setSingleKeys, singleKeys } from '../ui/commands';
import { Dialog } from '../ui/parts';
import { Shortcut } from '../ui/Shortcut';
import { closeOverlay } from './overlay';
import './Shortcuts.css';

const EVERYWHERE = 'Everywhere';

export default function Shortcuts({ commands }: { commands: Command[] }) {
  const on = useStore(singleKeys);
  const groups = new Map<string, Command[]>([[EVERYWHERE, []]]);
  for (const command of commands) {
    const group = command.group ?? EVERYWHERE;
    groups.set(group, [...(groups.get(group) ?? []), command]);
  }
  return (
    <Dialog title="Keyboard shortcuts" kind="box" onClose={closeOverlay}>
      <div class="shortcuts">
        {[...groups].map(([group, all]) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {all.map((command) => (
                <div key={command.id}>
                  <dt>{command.label}</dt>
                  <dd>
                    {keysOf(command).map((keys) => (
                      <Shortcut key={keys} keys={keys} spoken />
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <label class="switch">
        <input
          type="checkbox"
          checked={on}
          onChange={(event) => setSingleKeys(event.currentTarget.checked)}
        />
        Shortcuts of a single character, such as /
      </label>
    </Dialog>
  );
}

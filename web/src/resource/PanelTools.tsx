/** Buttons beside the name of the open resource: edit it, go to the next one, and a menu of what is needed less often. Knows no field. */
import { Suspense } from 'preact/compat';
import { useRef, useState } from 'preact/hooks';
import { useServices } from '../services';
import { useStore } from '../store';
import { type Command, useCommands } from '../ui/commands';
import { ariaKeys } from '../ui/keys';
import { later } from '../ui/later';
import { Menu } from '../ui/Menu';
import { Icon, type IconName } from '../ui/parts';
import { commandsOf, type Scene } from './panelCommands';

const ApiCallsDialog = later(() => import('./ApiCallsDialog'));

export function PanelTools({ scene }: { scene: Scene }) {
  const { api } = useServices();
  const { editor, entries } = scene;
  const { edited } = useStore(editor.store);
  const calls = useStore(api.calls).filter(({ about }) => about === (editor.id ?? 'new'));
  const [showsCalls, setShowsCalls] = useState(false);
  const scope = useRef<HTMLSpanElement>(null);
  const commands = commandsOf(scene, calls.length ? () => setShowsCalls(true) : null);
  const { edit, next, previous, duplicate, link } = commands;
  useCommands(Object.values(commands), scope);
  const listed = entries.some(({ id }) => id === editor.id);
  return (
    <span class="panel-tools" ref={scope}>
      {edit.enabled && !edited.length && (
        <button type="button" class="small" title="Edit (E)" aria-keyshortcuts="E" onClick={edit.run}>
          Edit
        </button>
      )}
      {listed && [previous, next].map((command) => <Step key={command.id} command={command} />)}
      {(edit.enabled || calls.length > 0) && (
        <Menu label="More">
          {edit.enabled && <Entry command={duplicate} label="Duplicate" />}
          {edit.enabled && <Entry command={link} label="Copy link" />}
          <Entry command={commands.calls} label="API calls" />
          {edit.enabled && <hr />}
          {edit.enabled && <Entry command={commands.delete} label="Delete" look="danger-text" />}
        </Menu>
      )}
      {showsCalls && (
        <Suspense fallback={null}>
          <ApiCallsDialog calls={calls} onClose={() => setShowsCalls(false)} />
        </Suspense>
      )}
    </span>
  );
}

function Step({ command }: { command: Command }) {
  const keys = String(command.keys);
  return (
    <button
      type="button"
      class="quiet square small"
      aria-label={command.label}
      aria-keyshortcuts={ariaKeys(keys)}
      aria-disabled={!command.enabled}
      title={`${command.label} (${keys.toUpperCase()})`}
      onClick={command.run}
    >
      <Icon name={command.icon as IconName} />
    </button>
  );
}

function Entry({ command, label, look }: { command: Command; label: string; look?: string }) {
  return (
    <button type="button" class={look} disabled={!command.enabled} onClick={command.run}>
      <Icon name={command.icon as IconName} />
      {label}
    </button>
  );
}

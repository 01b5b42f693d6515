/** Export of all, of what is shown, or of the selection, as CSV or JSON. Everything is loaded first. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Resource } from '../api/client';
import { messageOf } from '../api/problem';
import { counted, service } from '../contract/service';
import { useStore } from '../store';
import { Dialog } from '../ui/parts';
import { toast } from '../ui/toasts';
import { exportEntries, type Format } from './export';
import type { ResourceList } from '../list/list';
import './import.css';

export interface ExportProps {
  list: ResourceList;
  /** What the search and the filters show of some; null if they show all. */
  shown: ((entries: Resource[]) => Resource[]) | null;
  selected: Resource[];
  onClose: () => void;
}

type What = 'selected' | 'shown' | 'all';
const FORMATS: [Format, string, string][] = [
  ['csv', 'CSV', 'for spreadsheets'],
  ['json', 'JSON', 'for programs'],
];

export default function ExportDialog({ list, shown, selected, onClose }: ExportProps) {
  const { entries, cursor, error } = useStore(list.store);
  const [what, setWhat] = useState<What>(selected.length ? 'selected' : shown ? 'shown' : 'all');
  const [format, setFormat] = useState<Format>('csv');
  const [state, setState] = useState<'ready' | 'loading' | 'failed'>('ready');
  const isOpen = useRef(true);
  useEffect(() => () => void (isOpen.current = false), []);
  const whole = cursor === null;
  const choices: [What, string][] = [
    ...(selected.length
      ? [['selected', `The selection, ${counted(selected.length)}`] as [What, string]]
      : []),
    ...(shown
      ? [
          ['shown', whole ? `What is shown, ${counted(shown(entries).length)}` : 'What is shown'] as [
            What,
            string,
          ],
        ]
      : []),
    ['all', whole ? `All ${counted(entries.length)}` : `All ${service.plural}`],
  ];
  const save = async () => {
    setState('loading');
    const ready = what === 'selected' || (await list.all());
    if (!isOpen.current) return; // it was cancelled while the rest was loading
    setState(ready ? 'ready' : 'failed');
    if (!ready) return;
    const all = list.store.state.entries;
    const chosen = what === 'selected' ? selected : what === 'shown' && shown ? shown(all) : all;
    exportEntries(chosen, format);
    toast(`Exported ${counted(chosen.length)}.`);
    onClose();
  };
  return (
    <Dialog title={`Export ${service.plural}`} kind="box" onClose={onClose}>
      <form
        class="export"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <fieldset class="options">
          <legend>What</legend>
          {choices.map(([value, label]) => (
            <label key={value} class="option">
              <input type="radio" name="what" checked={what === value} onChange={() => setWhat(value)} />
              {label}
            </label>
          ))}
        </fieldset>
        <fieldset class="options">
          <legend>Format</legend>
          {FORMATS.map(([value, label, use]) => (
            <label key={value} class="option">
              <input
                type="radio"
                name="format"
                checked={format === value}
                onChange={() => setFormat(value)}
              />
              {label} <span class="help">{use}</span>
            </label>
          ))}
        </fieldset>
        {state === 'failed' && (
          <p class="notice error" role="alert">
            Nothing was exported: not all {service.plural} could be loaded.{' '}
            {error !== null && messageOf(error)}
          </p>
        )}
        <div class="actions">
          <span class="help" role="status">
            {state === 'loading' && `Loading ${service.plural}: ${entries.length.toLocaleString()} so far…`}
          </span>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={state === 'loading'}>
            Export
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** Import and export in a page: their commands and dialogs, and the note of an import that is under way. */
import { Suspense } from 'preact/compat';
import { service } from '../contract/service';
import { useStore } from '../store';
import { useCommands } from '../ui/commands';
import { later } from '../ui/later';
import { Icon } from '../ui/parts';
import type { ExportProps } from './ExportDialog';
import { report, reportOf } from './flag';
import { transfer } from './open';
import './transfer.css';

const ImportDialog = later(() => import('./ImportDialog'));
const ExportDialog = later(() => import('./ExportDialog'));

interface Props extends Pick<ExportProps, 'list' | 'shown'> {
  sub: string;
  /** Return what is selected. */
  selected: () => ExportProps['selected'];
}

export function Transfer({ list, sub, shown, selected }: Props) {
  const open = useStore(transfer);
  useStore(report);
  const note = reportOf(sub);
  const close = () => (transfer.state = null);
  useCommands([
    { id: 'transfer.import', label: `Import ${service.plural}`, icon: 'upload', run: start('import') },
    { id: 'transfer.export', label: `Export ${service.plural}`, icon: 'download', run: start('export') },
  ]);
  return (
    <>
      {note !== null && !open && (
        <p class="notice import-note">
          <span>{note}</span>
          <button type="button" class="small" onClick={start('import')}>
            Show the import
          </button>
        </p>
      )}
      <Suspense fallback={null}>
        {open === 'import' && <ImportDialog list={list} sub={sub} onClose={close} />}
        {open === 'export' && (
          <ExportDialog list={list} shown={shown} selected={selected()} onClose={close} />
        )}
      </Suspense>
    </>
  );
}

/** The buttons that open them. */
export function TransferButtons() {
  return (
    <>
      <button type="button" class="quiet" onClick={start('import')}>
        <Icon name="upload" />
        Import
      </button>
      <button type="button" class="quiet" onClick={start('export')}>
        <Icon name="download" />
        Export
      </button>
    </>
  );
}

/** For a page without anything to export. */
export function ImportButton() {
  return (
    <button type="button" class="quiet" onClick={start('import')}>
      <Icon name="upload" />
      Import a file
    </button>
  );
}

function start(what: 'import' | 'export'): () => void {
  return () => {
    transfer.state = what;
  };
}

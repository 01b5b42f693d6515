/** "1 draft": what was typed and neither saved nor discarded, to continue with or to discard. */
import type { Resource } from '../api/client';
import { service } from '../contract/service';
import { useStore } from '../store';
import { Ago } from '../ui/Ago';
import { Menu } from '../ui/Menu';
import { Icon } from '../ui/parts';
import { offerUndo } from '../ui/undo';
import { resume } from './compose';
import { type Draft, draftName, draftsOf } from './drafts';
import './DraftsButton.css';

interface Props {
  sub: string;
  /** What is open shows its own draft. */
  open: null | 'new' | Pick<Resource, 'id'>;
}

export default function DraftsButton({ sub, open }: Props) {
  const drafts = draftsOf(sub);
  const all = useStore(drafts.store);
  const elsewhere = all.filter(({ of }) =>
    of === null ? open !== 'new' : typeof open !== 'object' || open?.id !== of,
  );
  if (!elsewhere.length) return null;
  const count = elsewhere.length === 1 ? '1 draft' : `${elsewhere.length} drafts`;
  const discard = (draft: Draft) => {
    drafts.drop(draft);
    offerUndo('Discarded the draft.', () => void drafts.keep(draft));
  };
  return (
    <Menu label={count} face={count} class="quiet small">
      {elsewhere.map((draft) => (
        <div key={draft.id} class="draft">
          <button type="button" onClick={() => resume(draft)}>
            <span class="draft-name">
              {draft.of === null ? `New ${service.singular}` : ''} <bdi>{draftName(draft)}</bdi>
            </span>
            <span class="help">
              <Ago at={new Date(draft.at).toISOString()} />
            </span>
          </button>
          <button
            type="button"
            class="quiet square small"
            aria-label={`Discard the draft ${draftName(draft)}`}
            title="Discard"
            onClick={() => discard(draft)}
          >
            <Icon name="trash" />
          </button>
        </div>
      ))}
    </Menu>
  );
}

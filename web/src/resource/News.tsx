/** A quiet note that the list changed elsewhere. Knows no row. */
import type { News as Change, ResourceList } from '../list/list';
import { Icon } from '../ui/parts';

export function News({ list, news }: { list: ResourceList; news: Change | null }) {
  if (!news) return <span class="news" role="status" />;
  const { added, changed, gone } = news;
  const parts = [
    added.length > 0 && `${added.length.toLocaleString()} new`,
    changed.length > 0 && `${changed.length.toLocaleString()} changed`,
    gone.length > 0 && `${gone.length.toLocaleString()} deleted`,
  ].filter(Boolean);
  return (
    <span class="news" role="status">
      Updated from elsewhere: {parts.join(', ')}
      <button
        type="button"
        class="quiet tiny square"
        aria-label="Dismiss the note"
        onClick={() => list.read()}
      >
        <Icon name="close" />
      </button>
    </span>
  );
}

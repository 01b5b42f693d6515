/** Offers to undo a change that was saved, and reports how that went. Knows no form. */
import type { Api, Resource } from '../api/client';
import { SessionEnded, messageOf } from '../api/problem';
import type { Json } from '../json/value';
import type { ResourceList } from '../list/list';
import { contentOf, nameOf } from '../list/content';
import { Quoted } from '../ui/parts';
import { toast } from '../ui/toasts';
import { offerUndo } from '../ui/undo';
import { change } from './save';

/** Report that a resource was saved, and offer its content before. */
export function reportSaved(api: Api, list: Pick<ResourceList, 'put'>, saved: Resource, before: Json): void {
  const undo = async () => {
    try {
      const now = await change(api, saved.id, contentOf(saved), before, saved.version);
      list.put(now);
      toast(
        <>
          Restored <Quoted text={nameOf(now)} />.
        </>,
      );
    } catch (error) {
      if (!(error instanceof SessionEnded)) toast(`The change was not undone. ${messageOf(error)}`);
    }
  };
  offerUndo(
    <>
      Saved <Quoted text={nameOf(saved)} />.
    </>,
    () => void undo(),
  );
}

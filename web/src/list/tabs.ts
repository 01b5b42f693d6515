/** Keeps the lists of one user in step in all tabs of a browser. Knows no session and no markup. */
import { service } from '../contract/service';
import { parse, write } from '../json/value';
import type { Change, Lists, ResourceList } from './list';

type Message = Change & { list: keyof Lists };

/**
 * Tell the user's other tabs what this one writes and learns, and take over what they tell. Entries of another user are forgotten.
 * Return a function that ends it.
 */
export function keepInStep(lists: Lists, user: string): () => void {
  const channel = new BroadcastChannel(`${service.collection}-entries-${user}`);
  for (const [name, list] of Object.entries(lists) as [keyof Lists, ResourceList][]) {
    list.belongTo(user);
    // As text: a copy of an object would lose what an exact number is.
    list.announce = (change) => channel.postMessage(write({ list: name, ...change }));
  }
  channel.onmessage = ({ data }: MessageEvent<string>) => {
    const { list, ...change } = parse(data) as Message;
    lists[list].take(change);
  };
  return () => {
    channel.close();
    for (const list of [lists.present, lists.trash]) list.announce = () => undefined;
  };
}

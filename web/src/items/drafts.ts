/** What was typed and not yet saved, kept in the tab: a reload, a lost network or a new sign-in loses none of it. */
import type { Json } from '../contract/schema';
import { fitted, type Raw } from '../form/fields';
import { fields } from './content';

export interface Draft {
  raw: Record<string, Raw>;
  /** The content and version that the editing began from; none for a new item. */
  base: Json;
  version: number | null;
  /** Of a create: the key, and the bodies that were sent with it and may have arrived. */
  key: string;
  sent: string[];
}

/** The drafts of one user: another who signs in within the same tab must not find them. */
export class Drafts {
  constructor(private readonly owner: string) {}

  read(of: string): Draft | null {
    const text = sessionStorage.getItem(this.#name(of));
    if (!text) return null;
    const draft = JSON.parse(text) as Draft;
    return { ...draft, raw: fitted(fields, draft.raw) };
  }

  keep(of: string, draft: Draft): void {
    sessionStorage.setItem(this.#name(of), JSON.stringify(draft));
  }

  drop(of: string): void {
    sessionStorage.removeItem(this.#name(of));
  }

  #name(of: string): string {
    return `draft:${this.owner}:${of}`;
  }
}

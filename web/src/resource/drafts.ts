/** Unsaved changes, kept in the tab through a reload, a lost network or a new sign-in. */
import { fitted, type Raws } from '../form/raw';
import { type Json, parse, write } from '../json/value';
import { fields } from '../list/content';

export interface Draft {
  raw: Raws;
  /** The content and version that the changes are based on; empty and null for a new one. */
  base: Json;
  version: number | null;
  /** For a create: the idempotency key, and the bodies sent with it, which the API may have received. */
  key: string;
  sent: string[];
}

/** The drafts of one user: another user who signs in in the same tab must not see them. */
export class Drafts {
  constructor(private readonly owner: string) {}

  read(of: string): Draft | null {
    const text = sessionStorage.getItem(this.#name(of));
    if (!text) return null;
    const draft = parse(text) as Draft;
    return { ...draft, raw: fitted(fields, draft.raw) };
  }

  keep(of: string, draft: Draft): void {
    sessionStorage.setItem(this.#name(of), write(draft));
  }

  drop(of: string): void {
    sessionStorage.removeItem(this.#name(of));
  }

  #name(of: string): string {
    return `draft:${this.owner}:${of}`;
  }
}

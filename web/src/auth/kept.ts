/** The session that a tab keeps in sessionStorage, as oidc-client-ts writes it. Knows no network. */
import type { Config } from '../config';

export interface Kept {
  access_token: string;
  refresh_token?: string;
  /** In seconds since the epoch. */
  expires_at?: number;
  /** The claims of the ID token. */
  profile: { sub: string; email?: string; auth_time?: number; [claim: string]: unknown };
}

const PREFIX = 'oidc.';

/** Return who signs the tokens. */
export function issuerOf({ region, user_pool_id }: Config): string {
  return `https://cognito-idp.${region}.amazonaws.com/${user_pool_id}`;
}

/** Where a tab keeps its session. */
export class Keep {
  readonly #name: string;

  constructor(config: Config) {
    this.#name = `${PREFIX}user:${issuerOf(config)}:${config.user_pool_client_id}`;
  }

  /** The session as a text, for other tabs. */
  get text(): string | null {
    return sessionStorage.getItem(this.#name);
  }

  set text(session: string | null) {
    if (session === null) sessionStorage.removeItem(this.#name);
    else sessionStorage.setItem(this.#name, session);
  }

  read(): Kept | null {
    return this.text === null ? null : read(this.text);
  }

  /** Return what was kept with the `state` of a sign-in that this tab has begun; null if it has not, or it is completed. */
  begun(state: string): unknown {
    const stored = sessionStorage.getItem(PREFIX + state);
    return stored === null ? null : (JSON.parse(stored) as { data?: unknown }).data;
  }
}

export function read(session: string): Kept {
  return JSON.parse(session) as Kept;
}

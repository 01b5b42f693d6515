/**
 * The session: authorization code with PKCE at the Cognito hosted pages, refresh, and sign-out. Tokens are stored in the tab's
 * sessionStorage; all tabs of a browser have the same session (tabs.ts). Knows no markup and no resource.
 */
import { SessionEnded, Unreachable } from '../api/problem';
import type { Tokens } from '../api/client';
import type { Config } from '../config';
import { service } from '../contract/service';
import { Store } from '../store';
import { Keep, type Kept, read } from './kept';
import { revoke, revokeAll } from './revoke';
import { Tabs } from './tabs';

/**
 * `ended`: the session has expired, or another tab has signed in as somebody else (`next`), but the page still shows this user's
 * data.
 */
export type Session =
  | { state: 'in'; email: string; sub: string }
  | { state: 'ended'; email: string; sub: string; next?: string }
  | { state: 'out' };

const EARLY = 30; // seconds: a token is renewed this long before it expires
const LATER = 5000; // ms after which what renews a session is loaded: a newer version of the app may take its file away
const OUT: Session = { state: 'out' };
/** In localStorage, the session that was signed out last: a tab that is opened again must not bring it back. */
const LAST = `${service.collection}-signed-out`;

export class Sessions implements Tokens {
  readonly store = new Store<Session>(OUT);
  readonly #keep: Keep;
  readonly #tabs: Tabs;
  #renewing: Promise<Kept> | null = null;
  /** Whether the page has shown somebody's data, which nobody else must see. */
  #used = false;

  constructor(private readonly config: Config) {
    this.#keep = new Keep(config);
    this.#tabs = new Tabs(`${service.collection}-tabs`, {
      current: () => (this.store.state.state === 'in' ? this.#keep.text : null),
      adopt: (session) => this.#adopt(session),
      signedOut: () => {
        if (this.store.state.state !== 'out') void this.#leave();
      },
    });
  }

  /**
   * Restore the tab's session, adopt that of another tab, or complete a sign-in. Return the path to show, and why a sign-in failed,
   * or an empty text.
   */
  async start(): Promise<{ path: string; failure: string }> {
    const user = this.#keep.read();
    if (user && idOf(user) === localStorage.getItem(LAST)) this.#keep.text = null;
    else if (user) await this.#signedIn(user);
    const state = returned();
    if (state === null) {
      await this.#join();
      return { path: here(), failure: '' };
    }
    const path = this.#pathBefore(state);
    const failure = await this.#complete(path !== null);
    if (failure) await this.#join();
    return { path: path ?? '/', failure: this.store.state.state === 'in' ? '' : failure };
  }

  /** Go to the hosted sign-in page; it returns the user to the current path. Throws Unreachable without a network. */
  async signIn(): Promise<void> {
    if (!navigator.onLine) throw new Unreachable(); // instead of leaving for the browser's own page
    await (await hosted()).begin(this.config, here());
  }

  /** Go to the hosted sign-up page, which ends in a sign-in. Throws Unreachable without a network. */
  async signUp(): Promise<void> {
    if (!navigator.onLine) throw new Unreachable();
    await (await hosted()).begin(this.config, here(), 'signup');
  }

  async token(): Promise<string> {
    const user = this.#keep.read();
    if (!user || this.store.state.state !== 'in') throw this.ended();
    if (isFresh(user)) return user.access_token;
    return (await this.#renew(user.access_token)).access_token;
  }

  async another(rejected: string): Promise<string> {
    const user = this.#keep.read();
    if (user && user.access_token !== rejected) return user.access_token;
    return (await this.#renew(rejected)).access_token;
  }

  ended(): SessionEnded {
    const { state } = this.store;
    if (state.state === 'in') this.store.state = { ...state, state: 'ended' };
    this.#tabs.leave();
    return new SessionEnded();
  }

  /** Show the session of the user who has signed in in another tab, instead of this tab's. */
  switch(): Promise<void> {
    return this.#leave();
  }

  /** Return the current access token, expired or not, for the curl command. */
  current(): string | null {
    return this.#keep.read()?.access_token ?? null;
  }

  /**
   * Sign out in this browser: revoke the refresh token, end the session in other tabs and at the hosted page. With
   * `everywhere`, revoke the user's refresh tokens on all devices. Access tokens stay valid until they expire, within an hour.
   * Throws Unreachable without a network: the hosted page would stay signed in. `after` runs when all tabs are signed out.
   */
  async signOut(everywhere: boolean, after: () => void): Promise<void> {
    if (!navigator.onLine) throw new Unreachable();
    const user = this.#keep.read();
    if (user && everywhere) await revokeAll(this.config, await this.token());
    // If this fails, sign out nevertheless: the token is removed here, and expires by itself.
    else if (user?.refresh_token) await revoke(this.config, user.refresh_token).catch(() => undefined);
    if (user) localStorage.setItem(LAST, idOf(user));
    this.#tabs.signOut();
    this.#forget();
    await shown(); // nothing is unsaved then that leaving the page could ask about
    after();
    const query = new URLSearchParams({
      client_id: this.config.user_pool_client_id,
      logout_uri: `${location.origin}/`,
    });
    location.assign(`${this.config.hosted_ui_url}/logout?${query}`);
  }

  /** Adopt the session of another tab, if there is one and this tab has none. */
  async #join(): Promise<void> {
    if (!this.#isIn()) await this.#tabs.ask(() => this.#isIn());
  }

  #isIn(): boolean {
    return this.store.state.state === 'in';
  }

  /** Exchange the code in the address for a session. Return why that failed, or an empty text. */
  async #complete(started: boolean): Promise<string> {
    if (!started) return 'This sign-in is used up, or it was started in another tab. Sign in again.';
    try {
      const failure = await (await hosted()).complete(this.config);
      if (failure) return failure;
    } catch {
      return 'The sign-in could not be completed. The service cannot be reached. Sign in again.';
    }
    const [user, text] = [this.#keep.read(), this.#keep.text];
    if (!user || !text) return 'The sign-in was not completed. Sign in again.';
    await this.#signedIn(user);
    this.#tabs.hand(text);
    return '';
  }

  /** Return where the user was when this tab began the sign-in with `state`; null if it did not, or it is completed. */
  #pathBefore(state: string): string | null {
    const path = this.#keep.begun(state);
    if (path === null) return null;
    return typeof path === 'string' ? path : '/';
  }

  async #adopt(session: string): Promise<void> {
    const user = read(session);
    if (idOf(user) === localStorage.getItem(LAST)) return;
    const { state } = this.store;
    if (state.state !== 'out' && state.sub !== user.profile.sub) {
      this.store.state = { ...state, state: 'ended', next: emailOf(user) };
      this.#tabs.leave();
      return;
    }
    const own = this.#keep.read();
    const newer = (user.expires_at ?? 0) > (own?.expires_at ?? 0);
    if (own?.access_token === user.access_token || (state.state === 'in' && !newer)) return;
    this.#keep.text = session;
    if (state.state === 'out' && this.#used) location.reload();
    else await this.#signedIn(user);
  }

  #renew(useless: string): Promise<Kept> {
    this.#renewing ??= this.#tabs
      .alone(() => this.#renewed(useless))
      .catch((error: unknown) => {
        throw error instanceof DOMException ? new Unreachable() : error;
      })
      .finally(() => {
        this.#renewing = null;
      });
    return this.#renewing;
  }

  /** Return a session with another access token than `useless`: of another tab, or renewed. */
  async #renewed(useless: string): Promise<Kept> {
    await this.#tabs.ask();
    const before = this.#keep.read();
    if (before && before.access_token !== useless && isFresh(before)) return before;
    if (!before?.refresh_token || !this.#isIn()) throw this.ended(); // another user may have signed in
    const renewed = await (await hosted()).renew(this.config);
    const [user, text] = [this.#keep.read(), this.#keep.text];
    if (this.store.state.state === 'out') {
      this.#forget(); // signed out meanwhile
    } else if (renewed && user && text) {
      this.#tabs.hand(text);
      return user;
    }
    throw this.ended();
  }

  async #signedIn(user: Kept): Promise<void> {
    this.#used = true;
    this.store.state = { state: 'in', email: emailOf(user), sub: user.profile.sub };
    setTimeout(() => void hosted().catch(() => undefined), LATER); // the next step that needs it tries again
    await this.#tabs.join();
  }

  /** Forget the session and everything that this page holds. */
  async #leave(): Promise<void> {
    this.#forget();
    await shown();
    location.reload();
  }

  /** Forget the session and everything that this tab stored for it. */
  #forget(): void {
    this.#tabs.leave();
    this.#keep.text = null;
    sessionStorage.clear();
    this.store.state = OUT;
  }
}

/** Load what needs the library. Throws Unreachable. */
async function hosted(): Promise<typeof import('./hosted')> {
  try {
    return await import('./hosted');
  } catch {
    throw new Unreachable();
  }
}

/** Return when the page shows the state of the session. */
function shown(): Promise<void> {
  return new Promise((done) => setTimeout(done));
}

function emailOf({ profile }: Kept): string {
  return profile.email ?? profile.sub;
}

/** Return what all tokens of one sign-in have in common: https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-id-token.html */
function idOf({ profile }: Kept): string {
  return JSON.stringify([profile.sub, profile['origin_jti'] ?? profile.auth_time]);
}

function isFresh(user: Kept): boolean {
  return (user.expires_at ?? 0) - Date.now() / 1000 > EARLY;
}

/** Return the `state` in the address, if a hosted page has sent the user back to the app. */
function returned(): string | null {
  const query = new URLSearchParams(location.search);
  return location.pathname === '/' && (query.has('code') || query.has('error')) ? query.get('state') : null;
}

function here(): string {
  return location.pathname + location.search + location.hash;
}

/**
 * Who is signed in: authorization code with PKCE at the Cognito hosted pages, refresh, and sign-out. Tokens are kept in the tab's
 * sessionStorage. Knows no markup and no items.
 */
import {
  ErrorResponse,
  type User,
  UserManager,
  type UserManagerSettings,
  WebStorageStateStore,
} from 'oidc-client-ts';
import { SessionEnded, Unreachable } from '../api/problem';
import type { Tokens } from '../api/client';
import type { Config } from '../config';
import { Store } from '../store';

/** `ended`: it was signed in, and what the page shows is still that user's. */
export type Session = { state: 'in' | 'ended'; email: string; sub: string } | { state: 'out' };

const EARLY = 30; // seconds before its end that a token is renewed
const SCOPE = 'openid email items/read items/write aws.cognito.signin.user.admin';
const OUT: Session = { state: 'out' };

export class Sessions implements Tokens {
  readonly store = new Store<Session>(OUT);
  readonly #settings: UserManagerSettings & { metadata: object };
  readonly #manager: UserManager;
  readonly #others = new BroadcastChannel('items-session');
  #renewing: Promise<User> | null = null;

  constructor(private readonly config: Config) {
    const { region, user_pool_id, hosted_ui_url } = config;
    const issuer = `https://cognito-idp.${region}.amazonaws.com/${user_pool_id}`;
    const home = `${location.origin}/`;
    this.#settings = {
      authority: issuer,
      // Given, not discovered: the discovery document is at another origin than the hosted pages.
      metadata: {
        issuer,
        authorization_endpoint: `${hosted_ui_url}/oauth2/authorize`,
        token_endpoint: `${hosted_ui_url}/oauth2/token`,
        end_session_endpoint: `${hosted_ui_url}/logout`,
        jwks_uri: `${issuer}/.well-known/jwks.json`,
      },
      client_id: config.user_pool_client_id,
      redirect_uri: home,
      response_type: 'code',
      scope: SCOPE,
      loadUserInfo: false,
      automaticSilentRenew: false, // a token is renewed when a call needs it
      revokeTokensOnSignout: false,
      userStore: new WebStorageStateStore({ store: sessionStorage }),
      stateStore: new WebStorageStateStore({ store: sessionStorage }),
    };
    this.#manager = new UserManager(this.#settings);
    this.#others.onmessage = () => {
      void this.#manager.removeUser();
      this.store.state = OUT;
    };
  }

  /** Takes up the tab's session, or finishes a sign-in that comes back; answers the path to show. Fails when that was refused. */
  async start(): Promise<string> {
    const query = new URLSearchParams(location.search);
    if (location.pathname === '/' && query.has('state') && (query.has('code') || query.has('error'))) {
      const user = await this.#manager.signinRedirectCallback();
      this.#signedIn(user);
      return typeof user.state === 'string' ? user.state : '/';
    }
    const user = await this.#manager.getUser();
    if (user) this.#signedIn(user);
    return here();
  }

  /** Goes to the hosted page and comes back to where the user is now. */
  signIn(): Promise<void> {
    return this.#manager.signinRedirect({ state: here() });
  }

  /** Goes to the hosted sign-up page, which takes the same parameters as the authorize endpoint. */
  async signUp(): Promise<void> {
    const metadata = {
      ...this.#settings.metadata,
      authorization_endpoint: `${this.config.hosted_ui_url}/signup`,
    };
    await new UserManager({ ...this.#settings, metadata }).signinRedirect({ state: here() });
  }

  async token(): Promise<string> {
    const user = await this.#manager.getUser();
    if (!user || this.store.state.state !== 'in') throw this.ended();
    if ((user.expires_in ?? 0) > EARLY) return user.access_token;
    return (await this.#renew()).access_token;
  }

  async another(refused: string): Promise<string> {
    const user = await this.#manager.getUser();
    if (user && user.access_token !== refused) return user.access_token;
    return (await this.#renew()).access_token;
  }

  ended(): SessionEnded {
    const { state } = this.store;
    if (state.state === 'in') this.store.state = { ...state, state: 'ended' };
    return new SessionEnded();
  }

  /** The access token as it is, for the curl line. */
  async shown(): Promise<string | null> {
    return (await this.#manager.getUser())?.access_token ?? null;
  }

  /**
   * Signs out this browser: the refresh token ends, other tabs forget theirs, and the hosted page forgets the user. With
   * `everywhere` all the user's refresh tokens end, on every device. Access tokens run out by themselves, within the hour.
   */
  async signOut(everywhere: boolean): Promise<void> {
    const user = await this.#manager.getUser();
    if (user && everywhere) {
      const token = await this.token();
      await this.#cognito('GlobalSignOut', { AccessToken: token });
    } else if (user?.refresh_token) {
      const ClientId = this.config.user_pool_client_id;
      // Without an answer the user still wants to be out: the token is forgotten here, and ends by itself.
      await this.#cognito('RevokeToken', { ClientId, Token: user.refresh_token }).catch(() => undefined);
    }
    await this.#manager.removeUser();
    this.#others.postMessage('signed-out');
    const query = new URLSearchParams({
      client_id: this.config.user_pool_client_id,
      logout_uri: `${location.origin}/`,
    });
    location.assign(`${this.config.hosted_ui_url}/logout?${query}`);
  }

  #renew(): Promise<User> {
    this.#renewing ??= this.#renewed().finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  async #renewed(): Promise<User> {
    const held = await this.#manager.getUser();
    if (!held?.refresh_token) throw this.ended();
    try {
      const user = await this.#manager.signinSilent();
      if (user) return user;
    } catch (error) {
      // Refused (RFC 6749, 5.2) is for good; no answer, or that of a service that fails, may be another in a moment.
      if (!(error instanceof ErrorResponse)) throw new Unreachable();
    }
    throw this.ended();
  }

  #signedIn(user: User): void {
    this.store.state = { state: 'in', email: user.profile.email ?? user.profile.sub, sub: user.profile.sub };
  }

  /** https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GlobalSignOut.html */
  async #cognito(action: string, body: Record<string, string>): Promise<void> {
    const response = await fetch(`${this.config.cognito_url}/`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/x-amz-json-1.1',
        'X-Amz-Target': `AWSCognitoIdentityProviderService.${action}`,
      },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`Signing out was refused (${response.status}). Try again.`);
  }
}

function here(): string {
  return location.pathname + location.search + location.hash;
}

/**
 * The session: authorization code with PKCE at the Cognito hosted pages, refresh, and sign-out. Tokens are stored in the tab's
 * sessionStorage. Knows no markup and no resource.
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
import { scopes, service } from '../contract/service';
import { Store } from '../store';

/** `ended`: the session has expired, but the page still shows that user's data. */
export type Session = { state: 'in' | 'ended'; email: string; sub: string } | { state: 'out' };

const EARLY = 30; // seconds: a token is renewed this long before it expires
const SCOPE = ['openid email', ...scopes, 'aws.cognito.signin.user.admin'].join(' ');
const OUT: Session = { state: 'out' };

export class Sessions implements Tokens {
  readonly store = new Store<Session>(OUT);
  readonly #settings: UserManagerSettings & { metadata: object };
  readonly #manager: UserManager;
  readonly #others = new BroadcastChannel(`${service.collection}-session`);
  #renewing: Promise<User> | null = null;

  constructor(private readonly config: Config) {
    const { region, user_pool_id, hosted_ui_url } = config;
    const issuer = `https://cognito-idp.${region}.amazonaws.com/${user_pool_id}`;
    const home = `${location.origin}/`;
    this.#settings = {
      authority: issuer,
      // Given instead of discovered: the discovery document is at another origin than the hosted pages.
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
      automaticSilentRenew: false, // a call that needs a token renews it
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

  /** Restore the tab's session, or complete a sign-in. Return the path to show. Throws when the sign-in failed. */
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

  /** Go to the hosted sign-in page; it returns the user to the current path. */
  signIn(): Promise<void> {
    return this.#manager.signinRedirect({ state: here() });
  }

  /** Go to the hosted sign-up page, which takes the same parameters as the authorize endpoint. */
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

  async another(rejected: string): Promise<string> {
    const user = await this.#manager.getUser();
    if (user && user.access_token !== rejected) return user.access_token;
    return (await this.#renew()).access_token;
  }

  ended(): SessionEnded {
    const { state } = this.store;
    if (state.state === 'in') this.store.state = { ...state, state: 'ended' };
    return new SessionEnded();
  }

  /** Return the current access token, expired or not, for the curl command. */
  async current(): Promise<string | null> {
    return (await this.#manager.getUser())?.access_token ?? null;
  }

  /**
   * Sign out in this browser: revoke the refresh token, end the session in other tabs and at the hosted page. With
   * `everywhere`, revoke the user's refresh tokens on all devices. Access tokens stay valid until they expire, within an hour.
   */
  async signOut(everywhere: boolean): Promise<void> {
    const user = await this.#manager.getUser();
    if (user && everywhere) {
      const token = await this.token();
      await this.#cognito('GlobalSignOut', { AccessToken: token });
    } else if (user?.refresh_token) {
      const ClientId = this.config.user_pool_client_id;
      // If this fails, sign out nevertheless: the token is removed here, and expires by itself.
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
    const before = await this.#manager.getUser();
    if (!before?.refresh_token) throw this.ended();
    try {
      const user = await this.#manager.signinSilent();
      if (user) return user;
    } catch (error) {
      // An error response (RFC 6749, 5.2) is final; no response, or one of a failing service, is worth a retry.
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
    if (!response.ok) throw new Error(`Sign-out failed (status ${response.status}). Try again.`);
  }
}

function here(): string {
  return location.pathname + location.search + location.hash;
}

/** What oidc-client-ts has to know of the user pool, its app client and the tab's storage. Knows no session. */
import { type UserManagerSettings, WebStorageStateStore } from 'oidc-client-ts';
import type { Config } from '../config';
import { scopes } from '../contract/service';
import { issuerOf } from './kept';

const SCOPE = ['openid email', ...scopes, 'aws.cognito.signin.user.admin'].join(' ');

/** Return the settings for signing in at a hosted page: `authorize`, or `signup`, which takes the same parameters. */
export function settingsOf(config: Config, page = 'oauth2/authorize'): UserManagerSettings {
  const { hosted_ui_url } = config;
  const issuer = issuerOf(config);
  return {
    authority: issuer,
    // Given instead of discovered: the discovery document is at another origin than the hosted pages.
    metadata: {
      issuer,
      authorization_endpoint: `${hosted_ui_url}/${page}`,
      token_endpoint: `${hosted_ui_url}/oauth2/token`,
      end_session_endpoint: `${hosted_ui_url}/logout`,
      jwks_uri: `${issuer}/.well-known/jwks.json`,
    },
    client_id: config.user_pool_client_id,
    redirect_uri: `${location.origin}/`,
    response_type: 'code',
    scope: SCOPE,
    loadUserInfo: false,
    automaticSilentRenew: false, // a call that needs a token renews it
    revokeTokensOnSignout: false,
    userStore: new WebStorageStateStore({ store: sessionStorage }),
    stateStore: new WebStorageStateStore({ store: sessionStorage }),
  };
}

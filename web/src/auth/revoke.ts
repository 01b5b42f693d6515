/** Revokes refresh tokens, by the user pool's own API. Access tokens stay valid until they expire, within an hour. */
import { Explained, Unreachable } from '../api/problem';
import type { Config } from '../config';

/** Revoke all refresh tokens of a user: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GlobalSignOut.html */
export async function revokeAll(config: Config, accessToken: string): Promise<void> {
  const { ok, status } = await send(config, 'GlobalSignOut', { AccessToken: accessToken });
  if (!ok) throw new Explained(`You could not be signed out on all devices (status ${status}). Try again.`);
}

/** Revoke a refresh token, and those that replaced it: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_RevokeToken.html */
export async function revoke(config: Config, refreshToken: string): Promise<void> {
  const request = { ClientId: config.user_pool_client_id, Token: refreshToken };
  const { ok, status } = await send(config, 'RevokeToken', request);
  if (!ok) throw new Explained(`The session could not be revoked (status ${status}).`);
}

async function send(config: Config, action: string, body: Record<string, string>): Promise<Response> {
  try {
    return await fetch(`${config.cognito_url}/`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/x-amz-json-1.1',
        'X-Amz-Target': `AWSCognitoIdentityProviderService.${action}`,
      },
      body: JSON.stringify(body),
    });
  } catch {
    throw new Unreachable();
  }
}

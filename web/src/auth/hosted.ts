/**
 * The steps of a session that need oidc-client-ts: to begin it at a hosted page, to complete it and to renew it. Loaded after the
 * first load, or when a step is due. Each keeps what it gets where kept.ts finds it.
 */
import { ErrorResponse, ErrorTimeout, UserManager } from 'oidc-client-ts';
import { messageOf, Unreachable } from '../api/problem';
import type { Config } from '../config';
import { settingsOf } from './settings';

const FINAL = /^(invalid|unauthorized|unsupported)_/; // the errors of RFC 6749, 5.2

/** Leave for the hosted page to sign in, or to sign up; it returns the user to `path`. */
export async function begin(config: Config, path: string, page?: 'signup'): Promise<void> {
  await new UserManager(settingsOf(config, page)).signinRedirect({ state: path });
}

/** Exchange the code in the address for a session. Return why that failed, or an empty text. */
export async function complete(config: Config): Promise<string> {
  try {
    await new UserManager(settingsOf(config)).signinRedirectCallback();
    return '';
  } catch (error) {
    if (error instanceof ErrorResponse) return 'The sign-in was not completed. Sign in again.';
    const lost = error instanceof TypeError || error instanceof ErrorTimeout;
    return `The sign-in could not be completed. ${messageOf(lost ? new Unreachable() : error)} Sign in again.`;
  }
}

/** Renew the session. Return whether it was renewed, or has ended. Throws Unreachable if that is not known. */
export async function renew(config: Config): Promise<boolean> {
  try {
    return (await new UserManager(settingsOf(config)).signinSilent()) !== null;
  } catch (error) {
    // An error response is final; no response, or one of a failing service, is worth a retry.
    if (error instanceof ErrorResponse && FINAL.test(error.error ?? '')) return false;
    throw new Unreachable();
  }
}

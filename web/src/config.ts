/** The settings of the stack that serves the app, read at run time from /config.json, so that one build serves every stack. */

export interface Config {
  api_url: string;
  region: string;
  user_pool_id: string;
  user_pool_client_id: string;
  hosted_ui_url: string;
  /** The user pool's own API, for signing out everywhere. */
  cognito_url: string;
  /** For how many days a deleted resource can be restored; null or 0 if it cannot. */
  trash_days?: number | null;
  /** Who gets an account: with "invite", only people whom the team invites. */
  sign_up?: 'open' | 'invite';
}

const KEYS = [
  'api_url',
  'region',
  'user_pool_id',
  'user_pool_client_id',
  'hosted_ui_url',
  'cognito_url',
] as const;

/** Throws an error for the operator when the file or one of its settings is missing. */
export async function readConfig(): Promise<Config> {
  const response = await fetch('/config.json');
  const type = response.headers.get('Content-Type') ?? '';
  if (!response.ok || !type.includes('json'))
    throw new Error('/config.json is missing. The deployment writes it.');
  const config = (await response.json()) as Config;
  const missing = KEYS.filter((key) => !config[key]);
  if (missing.length) throw new Error(`/config.json lacks ${missing.join(', ')}.`);
  return config;
}

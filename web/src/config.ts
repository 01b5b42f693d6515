/** The settings of the stack that serves the app, read at run time from /config.json, so that one build serves every stack. */

export interface PasswordRules {
  length: number;
  of: ('lowercase' | 'uppercase' | 'number' | 'symbol')[];
}

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
  /** What a password needs; null if only the user pool knows. */
  password_rules?: PasswordRules | null;
}

const KEYS = [
  'api_url',
  'region',
  'user_pool_id',
  'user_pool_client_id',
  'hosted_ui_url',
  'cognito_url',
] as const;

/** Why the settings could not be read, in words for people. */
export class Unconfigured extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'Unconfigured';
  }
}

/** Throws Unconfigured when the file cannot be loaded, or is not what the deployment writes. */
export async function readConfig(): Promise<Config> {
  const text = await load();
  const config = configOf(text);
  const missing = KEYS.filter((key) => !config[key]);
  if (!missing.length) return config as Config;
  throw new Unconfigured(
    `Settings of this app are missing: /config.json lacks ${missing.join(', ')}. If this continues, report it to whoever runs the service.`,
  );
}

async function load(): Promise<string> {
  let response: Response;
  try {
    response = await fetch('/config.json');
    if (response.ok) return await response.text();
  } catch {
    throw new Unconfigured(navigator.onLine ? 'The service cannot be reached.' : 'You are offline.');
  }
  throw new Unconfigured(
    `The settings of this app, /config.json, could not be loaded (status ${response.status}). If this continues, report it to whoever runs the service.`,
  );
}

/** Return the settings in a text; none if it is not JSON, such as the page that is served for unknown paths. */
function configOf(text: string): Partial<Config> {
  try {
    return { ...(JSON.parse(text) as Partial<Config>) };
  } catch {
    return {};
  }
}

/** Starts the app: configuration, session, then the page. */
import { render } from 'preact';
import './tokens.css';
import './style.css';
import './ui/controls.css';
import { Api } from './api/client';
import { Explained, messageOf } from './api/problem';
import { App } from './app';
import { followUser } from './app/followUser';
import { NotStarted } from './app/NotStarted';
import { Sessions } from './auth/session';
import { readConfig, Unconfigured } from './config';
import { has } from './contract/service';
import { ResourceList } from './list/list';
import { forgetImport } from './transfer/flag';
import { arrive } from './ui/router';

async function open(root: HTMLElement): Promise<void> {
  if (!isSecureContext) throw new Explained('Signing in needs a secure connection: open this page by https.');
  const config = await readConfig();
  const sessions = new Sessions(config);
  const api = new Api(config.api_url, sessions);
  let user = '';
  sessions.store.subscribe(() => {
    const session = sessions.store.state;
    if (session.state !== 'out') user = session.sub;
    else if (user) forgetImport(user);
  });
  const { path, failure } = await sessions.start();
  arrive(path);
  const lists = { present: new ResourceList(api), trash: new ResourceList(api, 'desc', true) };
  followUser(sessions, lists);
  const trashDays = has('restore') ? (config.trash_days ?? 0) : 0;
  const signUp = config.sign_up !== 'invite';
  const passwordRules = config.password_rules ?? null;
  render(
    <App services={{ api, sessions, trashDays, signUp, passwordRules }} lists={lists} failure={failure} />,
    root,
  );
}

async function start(root: HTMLElement): Promise<void> {
  try {
    await open(root);
  } catch (error) {
    const reason = error instanceof Unconfigured ? error.message : messageOf(error);
    render(<NotStarted reason={reason} onRetry={() => void start(root)} />, root);
  }
}

const root = document.getElementById('app');
if (!root) throw new Error('index.html has no #app.');
void start(root);

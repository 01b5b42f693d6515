/** Starts the app: configuration, session, then the page. */
import { render } from 'preact';
import './tokens.css';
import './style.css';
import './ui/controls.css';
import { Api } from './api/client';
import { messageOf } from './api/problem';
import { App } from './app';
import { Sessions } from './auth/session';
import { readConfig } from './config';
import { has } from './contract/service';
import { ResourceList } from './resource/list';
import { go } from './ui/router';

async function start(root: HTMLElement): Promise<void> {
  const config = await readConfig();
  const sessions = new Sessions(config);
  const api = new Api(config.api_url, sessions);
  let failure = '';
  try {
    go(await sessions.start(), true);
  } catch (error) {
    failure = `Sign-in failed, try again. ${messageOf(error)}`;
    go('/', true);
  }
  const lists = { present: new ResourceList(api), trash: new ResourceList(api, 'desc', true) };
  const trashDays = has('restore') ? (config.trash_days ?? 0) : 0;
  const signUp = config.sign_up !== 'invite';
  render(<App services={{ api, sessions, trashDays, signUp }} lists={lists} failure={failure} />, root);
}

const root = document.getElementById('app');
if (!root) throw new Error('index.html has no #app.');
start(root).catch((error: unknown) => {
  render(
    <section class="welcome" role="alert">
      <h1>The app could not start</h1>
      <p>{messageOf(error)}</p>
    </section>,
    root,
  );
  throw error;
});

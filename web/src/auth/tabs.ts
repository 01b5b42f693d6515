/**
 * One session in all tabs of a browser: which tabs are signed in, one of them at a time that renews, and the session handed from tab
 * to tab. Knows no token and no user: a session is a text.
 */

type Message =
  { type: 'session'; session: string; from: string } | { type: 'ask'; from: string } | { type: 'signed-out' };

export interface Listener {
  /** The session of this tab; null if it is not signed in. */
  current(): string | null;
  /** Another tab has this session. */
  adopt(session: string): Promise<void>;
  signedOut(): void;
}

const PATIENCE = 2000; // ms that a tab has for its response; one that comes later counts too
const LONGEST = 60_000; // ms that a tab may keep the others from renewing

export class Tabs {
  readonly #id = crypto.randomUUID();
  readonly #channel: BroadcastChannel;
  #release: (() => void) | null = null;
  /** Calls of `ask` that wait for a response. */
  #asking = new Set<(from: string) => void>();

  constructor(
    private readonly name: string,
    private readonly listener: Listener,
    private readonly locks: Pick<LockManager, 'query' | 'request'> = navigator.locks,
  ) {
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = ({ data }: MessageEvent<Message>) => void this.#receive(data);
  }

  /** Let the other tabs know that this one has a session, as long as it is open and until `leave`. */
  async join(): Promise<void> {
    if (this.#release) return;
    // A lock, because the browser releases it when the tab is closed or crashes, and does not freeze a tab that has one.
    await new Promise<void>((joined, failed) => {
      const held = new Promise<void>((release) => (this.#release = release));
      const hold = () => {
        joined();
        return held;
      };
      this.locks.request(this.#lockOf(this.#id), hold).catch(failed);
    });
  }

  leave(): void {
    this.#release?.();
    this.#release = null;
  }

  /** Hand this tab's session to all other tabs. */
  hand(session: string): void {
    this.#post({ type: 'session', session, from: this.#id });
  }

  signOut(): void {
    this.#post({ type: 'signed-out' });
  }

  /** Adopt the sessions of the other tabs. Return when all have responded, when one was `enough`, or after two seconds. */
  async ask(enough: () => boolean = () => false): Promise<void> {
    const missing = await this.#signedIn();
    if (!missing.size) return;
    await new Promise<void>((done) => {
      const timer = setTimeout(finish, PATIENCE);
      const answered = (from: string) => {
        missing.delete(from);
        if (!missing.size || enough()) finish();
      };
      const asking = this.#asking.add(answered);
      function finish(): void {
        clearTimeout(timer);
        asking.delete(answered);
        done();
      }
      this.#post({ type: 'ask', from: this.#id });
    });
  }

  /** Run while no other tab does. Throws a DOMException if another tab takes too long. */
  async alone<Result>(run: () => Promise<Result>): Promise<Result> {
    const options = { signal: AbortSignal.timeout(LONGEST) };
    return this.locks.request(`${this.name}-alone`, options, run);
  }

  /** The other tabs that are signed in. */
  async #signedIn(): Promise<Set<string>> {
    const { held = [] } = await this.locks.query();
    const prefix = this.#lockOf('');
    const ids = held.map(({ name = '' }) => (name.startsWith(prefix) ? name.slice(prefix.length) : this.#id));
    return new Set(ids.filter((id) => id !== this.#id));
  }

  async #receive(message: Message): Promise<void> {
    if (message.type === 'signed-out') this.listener.signedOut();
    if (message.type === 'session') {
      await this.listener.adopt(message.session);
      for (const answered of [...this.#asking]) answered(message.from);
    }
    if (message.type === 'ask') {
      const session = this.listener.current();
      if (session) this.hand(session);
    }
  }

  #lockOf(id: string): string {
    return `${this.name}-tab-${id}`;
  }

  #post(message: Message): void {
    this.#channel.postMessage(message);
  }
}

/** "The call": the curl line of what the page just did, with the token masked until asked for. */
import { useEffect, useState } from 'preact/hooks';
import { type Call, curl } from '../api/call';
import { useServices } from '../app';
import { Copy, Icon } from './parts';

export function TheCall({ call }: { call: Call }) {
  const { sessions } = useServices();
  const [shown, setShown] = useState(false);
  const [token, setToken] = useState<string | null>(null);
  useEffect(() => {
    if (shown) void sessions.shown().then(setToken);
    else setToken(null);
  }, [shown, call]);
  const line = curl(call, token);
  return (
    <details class="call">
      <summary>
        <Icon name="code" />
        The call
        <span class="outcome">
          {call.method} {call.status ?? '…'}
        </span>
      </summary>
      <pre tabIndex={0} role="region" aria-label="curl command">
        <code>{line}</code>
      </pre>
      <div class="actions">
        <Copy text={line} what="the line" />
        <label class="check">
          <input
            type="checkbox"
            checked={shown}
            onChange={(event) => setShown(event.currentTarget.checked)}
          />
          Put my token in
        </label>
        <span class="help">
          {[
            call.milliseconds !== null && `${call.milliseconds} ms`,
            call.etag && `ETag ${call.etag}`,
            call.replayed && 'made by an earlier try with the same key',
          ]
            .filter(Boolean)
            .join(' · ')}
        </span>
      </div>
      <p class="help">
        {shown
          ? 'The line holds your access token: whoever has it is you, for up to an hour.'
          : 'It takes the token from the shell variable TOKEN.'}
      </p>
    </details>
  );
}

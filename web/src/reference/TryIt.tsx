/** Sends a GET of the reference with the reader's own session, and shows the response as it came. */
import { useState } from 'preact/hooks';
import { type Answer, messageOf, SessionEnded } from '../api/problem';
import { service } from '../contract/service';
import { isObject, own, parse, write } from '../json/value';
import { useServices } from '../services';
import { useStore } from '../store';
import { flat, type Parameter, resolve } from './document';
import { Example } from './Example';
import { contract, type Entry, pathNames } from './operations';
import { exampleOf, requestOf } from './request';

interface Props {
  entry: Entry;
  /** What the reader filled in, by parameter name. */
  given: Record<string, string>;
  onGive: (values: Record<string, string>) => void;
}

export function TryIt({ entry, given, onGive }: Props) {
  const { api, sessions } = useServices();
  const session = useStore(sessions.store);
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const parameters = entry.parameters
    .map((one) => resolve(contract, one))
    .filter((one) => one.in === 'path' || one.in === 'query');
  const send = async () => {
    setBusy(true);
    setError('');
    try {
      const received = await api.probe(requestOf(contract, entry, given).path);
      setAnswer(received);
      onGive(idsIn(received.text, given));
    } catch (reason) {
      setAnswer(null);
      if (!(reason instanceof SessionEnded)) setError(messageOf(reason));
    }
    setBusy(false);
  };
  const signIn = () => {
    sessions.signIn().catch((reason: unknown) => setError(messageOf(reason)));
  };
  if (session.state === 'out') {
    return (
      <>
        <button type="button" class="small" onClick={signIn}>
          Sign in to try it
        </button>
        <p role="alert">{error}</p>
      </>
    );
  }
  return (
    <form
      class="try"
      aria-label={`Try it: ${entry.name}`}
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      {parameters.map((parameter) => (
        <label key={parameter.name}>
          <code>{parameter.name}</code>
          <Value
            parameter={parameter}
            value={own(given, parameter.name) ?? ''}
            onInput={(value) => onGive({ [parameter.name]: value })}
          />
        </label>
      ))}
      <div class="actions">
        <button type="submit" class="small" disabled={busy}>
          {busy ? 'Sending…' : 'Try it'}
        </button>
        <span class="help" role="status">
          {answer && summaryOf(answer)}
        </span>
      </div>
      {error && (
        <p class="notice error" role="alert">
          {error}
        </p>
      )}
      {answer && answer.text !== '' && (
        <Example label="Response" what="response" text={pretty(answer.text)} />
      )}
    </form>
  );
}

interface ValueProps {
  parameter: Parameter;
  value: string;
  onInput: (value: string) => void;
}

function Value({ parameter, value, onInput }: ValueProps) {
  const { type, enum: values } = flat(contract, parameter.schema);
  const options = type === 'boolean' ? ['true', 'false'] : values?.map(String);
  if (!options) {
    return (
      <input
        type="text"
        class="mono"
        value={value}
        placeholder={parameter.required ? exampleOf(contract, parameter) : ''}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    );
  }
  return (
    <select value={value} onChange={(event) => onInput(event.currentTarget.value)}>
      <option value="">Not sent</option>
      {options.map((option) => (
        <option key={option}>{option}</option>
      ))}
    </select>
  );
}

function summaryOf({ status, headers }: Answer): string {
  const etag = headers.get('ETag');
  return etag ? `${status}, ETag ${etag}` : String(status);
}

function pretty(text: string): string {
  try {
    return write(parse(text), '  ');
  } catch {
    return text; // Not JSON, for example a proxy's page: it is shown as it came.
  }
}

/** Return the id of the first entry in a page, for each parameter of a path that has no value yet: it can be tried next. */
function idsIn(text: string, given: Record<string, string>): Record<string, string> {
  let body: unknown;
  try {
    body = parse(text);
  } catch {
    return {};
  }
  const page = isObject(body) ? body[service.page] : null;
  const first: unknown = Array.isArray(page) ? page[0] : null;
  const id = isObject(first) ? first['id'] : null;
  if (typeof id !== 'string') return {};
  return Object.fromEntries(pathNames.filter((name) => !own(given, name)).map((name) => [name, id]));
}

/** One operation: what it takes and returns, a request to copy, and for a GET a way to try it. */
import { useState } from 'preact/hooks';
import { curl } from '../api/call';
import { write } from '../json/value';
import { useServices } from '../services';
import { flat, kindOf, limitsOf, type Media, resolve, type ResponseObject } from './document';
import { Example, Method } from './Example';
import { contract, type Entry, operations, pathNames } from './operations';
import { inline, Prose } from './Prose';
import { ReferenceTable } from './ReferenceTable';
import { examplesOf, requestOf } from './request';
import { TryIt } from './TryIt';

interface Props {
  entry: Entry;
  /** What the reader filled in for the parameters of paths, by name; the same for all operations. */
  given: Record<string, string>;
  onGive: (values: Record<string, string>) => void;
}

export function OperationSection({ entry, given, onGive }: Props) {
  const { api } = useServices();
  const { path, method, name, operation } = entry;
  const [own, setOwn] = useState<Record<string, string>>({});
  const all = { ...given, ...own };
  const give = (values: Record<string, string>) => {
    const isShared = ([parameter]: [string, string]) => pathNames.includes(parameter);
    const pairs = Object.entries(values);
    onGive(Object.fromEntries(pairs.filter(isShared)));
    setOwn({ ...own, ...Object.fromEntries(pairs.filter((pair) => !isShared(pair))) });
  };
  const { path: below, ...request } = requestOf(contract, entry, all);
  const scopes = (operation.security ?? contract.security ?? []).flatMap((one) => Object.values(one).flat());
  return (
    <section id={operation.operationId} class="operation">
      <div>
        <h2>{name}</h2>
        <p class="endpoint">
          <Method name={method} />
          <code>{path}</code>
          {scopes.length > 0 && <span class="help">scope {scopes.join(', ')}</span>}
          {operation.deprecated && <strong>deprecated</strong>}
        </p>
        {operation.description && <Prose text={operation.description} />}
        <Parameters entry={entry} />
        <Responses entry={entry} />
        <details>
          <summary>Errors, with examples</summary>
          {bodies(entry, (status) => status >= '400')}
        </details>
      </div>
      <div class="code">
        <Example
          label={`curl command: ${name}`}
          caption="curl"
          what="command"
          text={curl({ ...request, url: api.base + below }, null)}
        />
        {method === 'GET' && <TryIt entry={entry} given={all} onGive={give} />}
        {operation.requestBody && (
          <Bodies title="Body" content={resolve(contract, operation.requestBody).content} />
        )}
        {bodies(entry, (status) => status < '400')}
      </div>
    </section>
  );
}

function Parameters({ entry: { name, parameters } }: { entry: Entry }) {
  if (!parameters.length) return null;
  return (
    <ReferenceTable caption={`Parameters of ${name}`} head={['Parameter', 'In', 'Type', 'Description']}>
      {parameters.map((given) => {
        const parameter = resolve(contract, given);
        return (
          <tr key={parameter.name}>
            <th scope="row">
              <code>{parameter.name}</code>
              {parameter.required && <span class="help"> required</span>}
            </th>
            <td>{parameter.in}</td>
            <td>{kindOf(contract, parameter.schema)}</td>
            <td>
              {inline(parameter.description ?? '')}{' '}
              <span class="help">{limitsOf(flat(contract, parameter.schema))}</span>
            </td>
          </tr>
        );
      })}
    </ReferenceTable>
  );
}

function Responses({ entry: { name, operation } }: { entry: Entry }) {
  return (
    <ReferenceTable caption={`Responses of ${name}`} head={['Status', 'Description', 'Headers']}>
      {Object.entries(operation.responses).map(([status, given]) => {
        const response = resolve<ResponseObject>(contract, given);
        return (
          <tr key={status}>
            <th scope="row">{status}</th>
            <td>
              {inline(response.description)}
              {response.links && <Links links={response.links} />}
            </td>
            <td>
              {Object.keys(response.headers ?? {}).map((name) => (
                <code key={name} class="spaced">
                  {name}
                </code>
              ))}
            </td>
          </tr>
        );
      })}
    </ReferenceTable>
  );
}

/** The operations that can follow a response. */
function Links({ links }: { links: NonNullable<ResponseObject['links']> }) {
  const ids = Object.values(links).map((link) => resolve(contract, link).operationId);
  return (
    <p class="help">
      Next:{' '}
      {operations
        .filter(({ operation }) => ids.includes(operation.operationId))
        .map(({ operation, name }, index) => (
          <span key={operation.operationId}>
            {index > 0 && ', '}
            <a href={`#${operation.operationId}`}>{name}</a>
          </span>
        ))}
    </p>
  );
}

function bodies({ operation }: Entry, wanted: (status: string) => boolean) {
  return Object.entries(operation.responses)
    .filter(([status]) => wanted(status))
    .map(([status, given]) => {
      const { content } = resolve<ResponseObject>(contract, given);
      return content && <Bodies key={status} title={`Response ${status}`} content={content} />;
    });
}

/** The types that a body can have, each with its examples. */
function Bodies({ title, content }: { title: string; content: Record<string, Media> }) {
  return (
    <>
      {Object.entries(content).map(([type, media]) => (
        <details key={type}>
          <summary>
            {title} <code>{type}</code> {kindOf(contract, media.schema)}
          </summary>
          {examplesOf(contract, media).map(({ summary, value }) => (
            <Example
              key={summary ?? 'example'}
              label={`${title} example`}
              caption={summary}
              what="example"
              text={write(value, '  ')}
            />
          ))}
        </details>
      ))}
    </>
  );
}

/** The API reference, rendered from the contract that is built into the app. */
import contract from 'virtual:contract';
import { useEffect } from 'preact/hooks';
import { Copy, useTitle } from '../ui/parts';
import {
  flat,
  kindOf,
  limitsOf,
  type Media,
  type Operation,
  type Parameter,
  type Ref,
  resolve,
  type ResponseObject,
} from './document';
import { inline, Prose } from './Prose';
import './Reference.css';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const HIDDEN = ['ItemContent', 'Id'];

const operations = Object.entries(contract.paths).flatMap(([path, item]) =>
  METHODS.filter((method) => item[method]).map((method) => ({
    path,
    method: method.toUpperCase(),
    operation: item[method] as Operation,
    parameters: [...(item.parameters ?? []), ...((item[method] as Operation).parameters ?? [])],
  })),
);
const schemas = Object.entries(contract.components.schemas).filter(([name]) => !HIDDEN.includes(name));

export default function Reference({ base }: { base: string }) {
  useTitle('API reference');
  useEffect(() => document.getElementById(location.hash.slice(1))?.scrollIntoView(), []);
  return (
    <div class="reference">
      <header>
        <h1>
          {contract.info.title} API <span class="help">version {contract.info.version}</span>
        </h1>
        <p class="base">
          <code>{base}</code> <Copy text={base} what="URL" />
          <a href="/openapi.yaml" data-file="" download>
            openapi.yaml
          </a>
        </p>
      </header>
      <nav aria-label="On this page">
        <ul>
          {operations.map(({ method, operation }) => (
            <li key={operation.operationId}>
              <a href={`#${operation.operationId}`}>
                <Method name={method} />
                {operation.summary}
              </a>
            </li>
          ))}
          <li class="help">Schemas</li>
          {schemas.map(([name]) => (
            <li key={name}>
              <a href={`#schema-${name}`}>{name}</a>
            </li>
          ))}
        </ul>
      </nav>
      <article>
        <Prose text={contract.info.description} />
        {operations.map((entry) => (
          <Section key={entry.operation.operationId} {...entry} />
        ))}
        {schemas.map(([name, schema]) => (
          <section key={name} id={`schema-${name}`}>
            <h2>{name}</h2>
            <Prose text={schema.description ?? ''} />
            <Properties name={name} />
          </section>
        ))}
      </article>
    </div>
  );
}

function Method({ name }: { name: string }) {
  return <span class={`method ${name.toLowerCase()}`}>{name}</span>;
}

interface SectionProps {
  path: string;
  method: string;
  operation: Operation;
  parameters: Ref<Parameter>[];
}

function Section({ path, method, operation, parameters }: SectionProps) {
  const scopes = (operation.security ?? contract.security).flatMap((one) => Object.values(one).flat());
  return (
    <section id={operation.operationId}>
      <h2>{operation.summary}</h2>
      <p class="endpoint">
        <Method name={method} />
        <code>{path}</code>
        <span class="help">scope {scopes.join(', ')}</span>
      </p>
      {operation.description && <Prose text={operation.description} />}
      {parameters.length > 0 && (
        <Table
          caption={`Parameters of ${operation.summary}`}
          head={['Parameter', 'In', 'Type', 'Description']}
        >
          {parameters.map((given) => {
            const parameter = resolve(contract, given);
            return (
              <tr key={parameter.name}>
                <th scope="row">
                  <code>{parameter.name}</code>
                  {parameter.required && <span class="help"> required</span>}
                </th>
                <td>{parameter.in}</td>
                <td>{kindOf(contract, flat(contract, parameter.schema))}</td>
                <td>
                  {inline(parameter.description ?? '')}{' '}
                  <span class="help">{limitsOf(flat(contract, parameter.schema))}</span>
                </td>
              </tr>
            );
          })}
        </Table>
      )}
      {operation.requestBody && <Body title="Body" content={operation.requestBody.content} />}
      <Table caption={`Responses of ${operation.summary}`} head={['Status', 'Description', 'Headers']}>
        {Object.entries(operation.responses).map(([status, given]) => {
          const response = resolve<ResponseObject>(contract, given);
          return (
            <tr key={status}>
              <th scope="row">{status}</th>
              <td>{inline(response.description)}</td>
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
      </Table>
      {bodies(operation, (status) => status < '400')}
      <details>
        <summary>Errors, with examples</summary>
        {bodies(operation, (status) => status >= '400')}
      </details>
    </section>
  );
}

function bodies(operation: Operation, wanted: (status: string) => boolean) {
  return Object.entries(operation.responses)
    .filter(([status]) => wanted(status))
    .map(([status, given]) => {
      const { content } = resolve<ResponseObject>(contract, given);
      return content && <Body key={status} title={`Response ${status}`} content={content} />;
    });
}

function Body({ title, content }: { title: string; content: Record<string, Media> }) {
  return (
    <>
      {Object.entries(content).map(([type, media]) => {
        const examples = Object.values(media.examples ?? {}).map((example) => resolve(contract, example));
        if (media.example !== undefined) examples.push({ value: media.example });
        return (
          <details key={type} open={title === 'Body'}>
            <summary>
              {title} <code>{type}</code> {kindOf(contract, media.schema)}
            </summary>
            {examples.map((example) => (
              <figure key={example.summary ?? 'example'}>
                {example.summary && <figcaption>{example.summary}</figcaption>}
                <pre tabIndex={0} role="group" aria-label={`${title} example`}>
                  <code>{JSON.stringify(example.value, null, 2)}</code>
                </pre>
              </figure>
            ))}
          </details>
        );
      })}
    </>
  );
}

function Properties({ name }: { name: string }) {
  const schema = flat(contract, contract.components.schemas[name] ?? {});
  return (
    <Table caption={`Properties of ${name}`} head={['Property', 'Type', 'Description']}>
      {Object.entries(schema.properties ?? {}).map(([property, given]) => {
        const field = flat(contract, given);
        return (
          <tr key={property}>
            <th scope="row">
              <code>{property}</code>
              {schema.required?.includes(property) && (
                <span class="help"> {field.readOnly ? 'always' : 'required'}</span>
              )}
            </th>
            <td>
              {kindOf(contract, given)}
              {field.readOnly && <span class="help"> read only</span>}
            </td>
            <td>
              {inline(field.description ?? '')} <span class="help">{limitsOf(field)}</span>
            </td>
          </tr>
        );
      })}
    </Table>
  );
}

function Table({
  caption,
  head,
  children,
}: {
  caption: string;
  head: string[];
  children: preact.ComponentChildren;
}) {
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={caption}>
      <table>
        <thead>
          <tr>
            {head.map((title) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

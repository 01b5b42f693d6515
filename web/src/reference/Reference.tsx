/** The API reference, rendered from the contract that is built into the app. */
import text from 'virtual:contract';
import { useEffect } from 'preact/hooks';
import { service } from '../contract/service';
import { parse, write } from '../json/value';
import { Copy, useTitle } from '../ui/parts';
import {
  flat,
  isSection,
  kindOf,
  limitsOf,
  type Media,
  type OpenApi,
  type Operation,
  type Parameter,
  type Ref,
  type RefSchema,
  resolve,
  type ResponseObject,
  rowsOf,
  schemasIn,
} from './document';
import { inline, Prose } from './Prose';
import './Reference.css';

const contract = parse(text) as OpenApi;
const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

const operations = Object.entries(contract.paths).flatMap(([path, methods]) =>
  METHODS.flatMap((method) => {
    const operation = methods[method];
    if (!operation) return [];
    const parameters = [...(methods.parameters ?? []), ...(operation.parameters ?? [])];
    return [{ path, method: method.toUpperCase(), name: nameOf(operation), operation, parameters }];
  }),
);
// web_contract.py adds this one, also for a contract that does not mention it.
const derived = `${service.schema}Content`;
const mentioned = schemasIn(contract, contract.paths);
const schemas = Object.entries(contract.components.schemas).filter(
  ([name, schema]) => (name !== derived || mentioned.has(name)) && isSection(contract, schema),
);
const sent = schemasIn(
  contract,
  operations.map(({ operation }) => operation.requestBody),
);

function nameOf({ summary, operationId }: Operation): string {
  return summary ?? operationId.replaceAll('_', ' ');
}

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
          {operations.map(({ method, operation, name }) => (
            <li key={operation.operationId}>
              <a href={`#${operation.operationId}`}>
                <Method name={method} />
                {name}
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
        <Prose text={contract.info.description ?? ''} />
        {operations.map((entry) => (
          <Section key={entry.operation.operationId} {...entry} />
        ))}
        {schemas.map(([name, schema]) => (
          <section key={name} id={`schema-${name}`}>
            <h2>{name}</h2>
            <Prose text={schema.description ?? ''} />
            <Properties name={name} schema={schema} />
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
  name: string;
  operation: Operation;
  parameters: Ref<Parameter>[];
}

function Section({ path, method, name, operation, parameters }: SectionProps) {
  const scopes = (operation.security ?? contract.security ?? []).flatMap((one) => Object.values(one).flat());
  return (
    <section id={operation.operationId}>
      <h2>{name}</h2>
      <p class="endpoint">
        <Method name={method} />
        <code>{path}</code>
        {scopes.length > 0 && <span class="help">scope {scopes.join(', ')}</span>}
        {operation.deprecated && <strong>deprecated</strong>}
      </p>
      {operation.description && <Prose text={operation.description} />}
      {parameters.length > 0 && (
        <Table caption={`Parameters of ${name}`} head={['Parameter', 'In', 'Type', 'Description']}>
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
        </Table>
      )}
      {operation.requestBody && (
        <Body title="Body" content={resolve(contract, operation.requestBody).content} />
      )}
      <Table caption={`Responses of ${name}`} head={['Status', 'Description', 'Headers']}>
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
      </Table>
      {bodies(operation, (status) => status < '400')}
      <details>
        <summary>Errors, with examples</summary>
        {bodies(operation, (status) => status >= '400')}
      </details>
    </section>
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
                  <code>{write(example.value, '  ')}</code>
                </pre>
              </figure>
            ))}
          </details>
        );
      })}
    </>
  );
}

function Properties({ name, schema }: { name: string; schema: RefSchema }) {
  return (
    <Table caption={`Properties of ${name}`} head={['Property', 'Type', 'Description']}>
      {rowsOf(contract, schema).map(({ path, required, schema: given }) => {
        const field = flat(contract, given);
        return (
          <tr key={path}>
            <th scope="row">
              <code>{path}</code>
              {required && (
                <span class="help"> {field.readOnly || !sent.has(name) ? 'always' : 'required'}</span>
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

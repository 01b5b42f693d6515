/** The API reference, rendered from the contract that is built into the app. */
import { useEffect, useState } from 'preact/hooks';
import { Copy, useTitle } from '../ui/parts';
import { useKeptPlace } from '../ui/scroll';
import { Contents } from './Contents';
import { flat, kindOf, limitsOf, type RefSchema, rowsOf } from './document';
import { OperationSection } from './Operation';
import { contract, operations, schemas, sent } from './operations';
import { inline, Prose } from './Prose';
import { ReferenceTable } from './ReferenceTable';
import './Reference.css';

export default function Reference({ base }: { base: string }) {
  const [given, setGiven] = useState<Record<string, string>>({});
  useTitle('API reference');
  useKeptPlace(!location.hash);
  useEffect(() => document.getElementById(location.hash.slice(1))?.scrollIntoView(), []);
  return (
    <div class="reference">
      <Contents />
      <article>
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
        <Prose text={contract.info.description ?? ''} />
        {operations.map((entry) => (
          <OperationSection
            key={entry.operation.operationId}
            entry={entry}
            given={given}
            onGive={(values) => setGiven((before) => ({ ...before, ...values }))}
          />
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

function Properties({ name, schema }: { name: string; schema: RefSchema }) {
  return (
    <ReferenceTable caption={`Properties of ${name}`} head={['Property', 'Type', 'Description']}>
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
    </ReferenceTable>
  );
}

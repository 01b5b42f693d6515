/** How the app is built: the contract becomes modules of it, and nothing is inlined, so that the page needs no `unsafe-` anything. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { CONTRACT, content, flatten, load, text } from './scripts/contract.js';

/** `virtual:content` is the flat schema of what a client may send; `virtual:contract` the whole document. */
const MODULES = {
  'virtual:content': () => {
    const document = load();
    return content(flatten(document, document.components.schemas.Item));
  },
  'virtual:contract': load,
};

/** @returns {import('vite').Plugin} */
function contract() {
  return {
    name: 'contract',
    resolveId: (id) => (id in MODULES ? `\0${id}` : undefined),
    load(id) {
      const make = MODULES[/** @type {keyof typeof MODULES} */ (id.slice(1))];
      if (!id.startsWith('\0') || !make) return undefined;
      this.addWatchFile(fileURLToPath(CONTRACT));
      return `export default JSON.parse(${JSON.stringify(JSON.stringify(make()))})`;
    },
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: 'openapi.yaml', source: text() });
    },
  };
}

export default defineConfig({
  plugins: [contract()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
  },
});

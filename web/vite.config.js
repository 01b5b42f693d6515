/** The build: the contract becomes modules of the app, and no asset is inlined, so that the content security policy needs no `unsafe-`. */
import { readFileSync } from 'node:fs';
import { defineConfig } from 'vite';
import { OPENAPI, read } from './scripts/contract.js';

/** Two modules, because the form is in the first load and the reference page is not. */
const MODULES = {
  'virtual:service': () => read().service,
  'virtual:contract': () => read().document,
};

/** @returns {import('vite').Plugin} */
function contract() {
  return {
    name: 'contract',
    resolveId: (id) => (id in MODULES ? `\0${id}` : undefined),
    load(id) {
      const make = MODULES[/** @type {keyof typeof MODULES} */ (id.slice(1))];
      if (!id.startsWith('\0') || !make) return undefined;
      this.addWatchFile(OPENAPI);
      return `export default ${JSON.stringify(make())}`;
    },
    transformIndexHtml(html) {
      const { title, plural } = read();
      return html.replaceAll('%TITLE%', () => escaped(title)).replaceAll('%PLURAL%', () => escaped(plural));
    },
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: 'openapi.yaml', source: readFileSync(OPENAPI) });
      this.emitFile({ type: 'asset', fileName: 'manifest.webmanifest', source: manifest(read()) });
    },
  };
}

/**
 * What a system shows that installs the app. The colours are those of the page and the bar in tokens.css.
 * @param {{ title: string, plural: string }} names
 */
function manifest({ title, plural }) {
  const png = (/** @type {string} */ name, /** @type {number} */ size, purpose = 'any') => {
    return { src: `/${name}-${size}.png`, sizes: `${size}x${size}`, type: 'image/png', purpose };
  };
  return JSON.stringify({
    id: '/',
    name: title,
    short_name: title,
    description: `View, search, create, edit and delete your ${plural}.`,
    start_url: '/',
    scope: '/',
    display: 'standalone',
    background_color: '#fbfcfb',
    theme_color: '#0f6b5c',
    icons: [
      { src: '/icon.svg', sizes: 'any', type: 'image/svg+xml', purpose: 'any' },
      png('icon', 192),
      png('icon', 512),
      png('icon-maskable', 512, 'maskable'),
    ],
  });
}

/** @param {string} text */
function escaped(text) {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

export default defineConfig({
  plugins: [contract()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    // What the first load needs is one file, whatever else needs it too.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'app', tags: ['$initial'] }] } } },
  },
});

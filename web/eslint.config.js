/** What is checked beyond types: promises nobody waits for, markup made of text, rules of hooks by review. */
import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import types from 'typescript-eslint';

export default defineConfig(
  globalIgnores(['dist', 'node_modules', 'generated']),
  js.configs.recommended,
  types.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'no-restricted-properties': [
        'error',
        ...['innerHTML', 'outerHTML', 'insertAdjacentHTML', 'dangerouslySetInnerHTML'].map((property) => ({
          property,
          message: 'Text of users must never become markup.',
        })),
      ],
    },
  },
  { files: ['**/*.js'], extends: [types.configs.disableTypeChecked] },
);

// What the linter asks of the front end, the house rules of the folders included.
import js from '@eslint/js';
import reactHooks from 'eslint-plugin-react-hooks';
import globals from 'globals';
import tseslint from 'typescript-eslint';

const FEATURES = ['account', 'datasets', 'jobs', 'models', 'predict'];

/** A feature may not look into another one: what two need lies in components, lib or client. */
const separateFeatures = FEATURES.map((feature) => ({
  files: [`src/features/${feature}/**`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: FEATURES.filter((other) => other !== feature).map((other) => ({
          regex: `(features/${other}|^\\.\\./(\\.\\./)*${other})(/|$)`,
          message: `features/${feature} may not import features/${other}.`,
        })),
      },
    ],
  },
}));

/** Data flows one way: features know components and lib, never the other way round. */
const belowFeatures = {
  files: ['src/components/**', 'src/lib/**', 'src/client/**'],
  rules: {
    'no-restricted-imports': [
      'error',
      { patterns: [{ regex: 'features/', message: 'Only App.tsx and features know features.' }] },
    ],
  },
};

export default tseslint.config(
  {
    ignores: ['dist', 'node_modules', 'server', 'tests', 'docs', '.venv', 'src/client/schema.d.ts'],
  },
  js.configs.recommended,
  {
    files: ['src/**/*.{ts,tsx}', 'vite.config.ts'],
    extends: [...tseslint.configs.strictTypeChecked, reactHooks.configs.flat.recommended],
    languageOptions: {
      globals: globals.browser,
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      // A router answers "go there instead" by throwing a redirect.
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-misused-promises': [
        'error',
        { checksVoidReturn: { attributes: false } },
      ],
    },
  },
  ...separateFeatures,
  belowFeatures,
);

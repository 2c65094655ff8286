import vue from 'eslint-plugin-vue'
import accessibility from 'eslint-plugin-vuejs-accessibility'
import typescript from 'typescript-eslint'

export default typescript.config(
  { ignores: ['dist', 'public', 'src/backend/generated'] },
  ...typescript.configs.recommended,
  ...vue.configs['flat/recommended'],
  ...accessibility.configs['flat/recommended'],
  {
    files: ['**/*.vue'],
    languageOptions: { parserOptions: { parser: typescript.parser } },
  },
  {
    rules: {
      // Layout of markup is the formatter's matter.
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/html-self-closing': 'off',
      'vue/multiline-html-element-content-newline': 'off',
      'vue/html-indent': 'off',
      'vue/html-closing-bracket-newline': 'off',
      'vue/first-attribute-linebreak': 'off',
      // Optional props are typed as such; an absent one is `undefined`.
      'vue/require-default-prop': 'off',
      'vue/attributes-order': 'off',
      'vue/one-component-per-file': 'off',
      // All words live in the locale files.
      'vue/no-bare-strings-in-template': ['error', { allowlist: ['·', '：', '“', '”', '、', '/', '|', '+', '-', '–', '—', '0', '110', '120', '→', '…', '(', ')', '（', '）', ',', '.', ':', '*', '&', '!'] }],
      // The kit's controls carry their labels by id or `labelledby`, which the rule cannot follow.
      'vuejs-accessibility/label-has-for': 'off',
      'vuejs-accessibility/form-control-has-label': 'off',
    },
  },
  {
    // What leaves the screen leaves by the core: numbered, with a purpose, in the trail.
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'navigator', property: 'clipboard', message: 'nothing of a file goes to where any program reads it' },
        { object: 'document', property: 'execCommand', message: 'nothing of a file goes to where any program reads it' },
        { object: 'window', property: 'print', message: 'print with shared/PrintButton.vue' },
        { object: 'globalThis', property: 'print', message: 'print with shared/PrintButton.vue' },
      ],
      'no-restricted-globals': ['error', { name: 'print', message: 'print with shared/PrintButton.vue' }],
    },
  },
  { files: ['src/shared/paper.ts', '**/*.test.ts'], rules: { 'no-restricted-properties': 'off' } },
  {
    files: ['src/features/**'],
    rules: {
      'no-restricted-imports': ['error', { patterns: [{ group: ['@tauri-apps/*'], message: 'only backend/tauri.ts knows Tauri' }] }],
    },
  },
)

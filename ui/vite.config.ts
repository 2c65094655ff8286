import { readFileSync } from 'node:fs'
import { fileURLToPath, URL } from 'node:url'
import vueI18n from '@intlify/unplugin-vue-i18n/vite'
import vue from '@vitejs/plugin-vue'
import { defineConfig, type Plugin } from 'vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Words of the static page that shows when the web engine is too old to start the app. */
function staticWords(): Plugin {
  return {
    name: 'static-words',
    transformIndexHtml(html) {
      const words: Record<string, string> = JSON.parse(readFileSync(here('./src/locales/zh-CN/too_old.json'), 'utf8'))
      return html.replace(/\{\{(\w+)\}\}/g, (_, key: string) => words[key] ?? key)
    },
  }
}

export default defineConfig({
  base: './',
  plugins: [
    vue(),
    // Messages are compiled at build time, so no message text is turned into code while running.
    vueI18n({ include: here('./src/locales/**/*.json'), runtimeOnly: true, dropMessageCompiler: true }),
    staticWords(),
  ],
  resolve: { alias: { '@': here('./src') } },
  build: {
    target: 'chrome83',
    cssTarget: 'chrome83',
    // Fonts and pictures stay files of their own.
    assetsInlineLimit: 0,
  },
  server: {
    // `ZOUFANG_BACKEND=http://127.0.0.1:PORT npm run dev` shows live code against a running process.
    proxy: process.env.ZOUFANG_BACKEND ? { '/api': process.env.ZOUFANG_BACKEND } : undefined,
  },
})

// Words: one file per feature and language, the file's name is the first part of each key.

import { createI18n } from 'vue-i18n'
import { keptLocale, type Locale } from '@/shared/useLocale'

type Messages = Record<string, Record<string, unknown>>

const files = import.meta.glob<Record<string, unknown>>('../../locales/*/*.json', { eager: true, import: 'default' })

export function messagesOf(locale: Locale): Messages {
  const messages: Messages = {}
  for (const [path, words] of Object.entries(files)) {
    const match = /\/([^/]+)\/([^/]+)\.json$/.exec(path)
    if (match?.[1] === locale && match[2]) messages[match[2]] = words
  }
  return messages
}

export const i18n = createI18n({
  legacy: false,
  locale: keptLocale(),
  fallbackLocale: 'zh-CN',
  // The message shape is checked by a test (same keys in each language), not by types.
  messages: { 'zh-CN': messagesOf('zh-CN'), en: messagesOf('en') } as never,
})

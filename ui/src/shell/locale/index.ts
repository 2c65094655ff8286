// Words: one file per feature and language, the file's name is the first part of each key.

import { createI18n } from 'vue-i18n'

export const locales = ['zh-CN', 'en'] as const
export type Locale = (typeof locales)[number]

type Messages = Record<string, Record<string, unknown>>

const files = import.meta.glob<Record<string, unknown>>('../../locales/*/*.json', { eager: true, import: 'default' })

function messagesOf(locale: Locale): Messages {
  const messages: Messages = {}
  for (const [path, words] of Object.entries(files)) {
    const match = /\/([^/]+)\/([^/]+)\.json$/.exec(path)
    if (match?.[1] === locale && match[2]) messages[match[2]] = words
  }
  return messages
}

const KEPT = 'zoufang.locale'

function kept(): Locale {
  const value = window.localStorage.getItem(KEPT) as Locale | null
  return value && locales.includes(value) ? value : 'zh-CN'
}

export const i18n = createI18n({
  legacy: false,
  locale: kept(),
  fallbackLocale: 'zh-CN',
  // The message shape is checked by a test (same keys in each language), not by types.
  messages: { 'zh-CN': messagesOf('zh-CN'), en: messagesOf('en') } as never,
})

export function setLocale(locale: Locale): void {
  i18n.global.locale.value = locale
  window.localStorage.setItem(KEPT, locale)
  document.documentElement.lang = locale
}

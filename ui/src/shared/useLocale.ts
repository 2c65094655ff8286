// The language of this device's screens.

import { useI18n } from 'vue-i18n'

export const locales = ['zh-CN', 'en'] as const
export type Locale = (typeof locales)[number]

const KEPT = 'zoufang.locale'

export function keptLocale(): Locale {
  const value = window.localStorage.getItem(KEPT) as Locale | null
  return value && locales.includes(value) ? value : 'zh-CN'
}

export function useLocale() {
  const { locale } = useI18n()
  return {
    locale,
    locales,
    setLocale(value: Locale): void {
      locale.value = value
      window.localStorage.setItem(KEPT, value)
      document.documentElement.lang = value
    },
  }
}

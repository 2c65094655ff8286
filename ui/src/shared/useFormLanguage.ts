// The language forms are read in: as this person chose it on this device, else the interface's, else the form's own. The core
// puts the words in; the screens say what is wished before they ask for a form, and keep what was chosen.

import { useBackend } from '@/backend'
import { useAppState } from './useAppState'
import { useLocale } from './useLocale'

const KEPT = 'zoufang.formLanguage.'

/** Languages that are written from right to left. */
const RIGHT_TO_LEFT = ['ar', 'dv', 'fa', 'he', 'ps', 'sd', 'ug', 'ur', 'yi']

/** Attributes for words of a form; none where the form has one language and nothing is to be said. */
export type SpokenIn = { lang?: string; dir?: 'ltr' | 'rtl' }

export function directionOf(language: string): 'ltr' | 'rtl' {
  const [main = '', ...rest] = language.split('-')
  const script = rest.find((part) => part.length === 4)?.toLowerCase()
  if (script) return script === 'arab' || script === 'hebr' || script === 'thaa' ? 'rtl' : 'ltr'
  return RIGHT_TO_LEFT.includes(main.toLowerCase()) ? 'rtl' : 'ltr'
}

/** What a language calls itself: 中文, English. Its code, where the engine does not know it. */
export function languageName(language: string): string {
  const main = language.split('-')[0] ?? language
  try {
    return new Intl.DisplayNames([main], { type: 'language', fallback: 'code' }).of(main) ?? language
  } catch {
    return language
  }
}

/** How the words of a form or of a saved visit are written. */
export function spokenIn(form: { readonly language: string; readonly languages: readonly string[] } | null): SpokenIn {
  return form && form.languages.length > 1 ? { lang: form.language, dir: directionOf(form.language) } : {}
}

export function useFormLanguage() {
  const backend = useBackend()
  const app = useAppState()
  const { locale } = useLocale()
  // Whose door it is, by its number: no name of anybody is kept outside the core.
  const place = () => KEPT + (app.view.value.account?.id ?? '')

  /** Tells the core, before a form is asked for. */
  async function say(): Promise<void> {
    const chosen = window.localStorage.getItem(place())
    await backend.formLanguages({ languages: [...new Set(chosen ? [chosen, locale.value] : [locale.value])] })
  }

  async function choose(language: string): Promise<void> {
    window.localStorage.setItem(place(), language)
    await say()
  }

  return { say, choose }
}

import { afterEach, expect, test } from 'vitest'
import type { VisitFormView } from '@/backend'
import { directionOf, languageName } from '@/shared/useFormLanguage'
import { i18n } from '@/shell/locale'
import { demoBackend, question, readyTablet, visitForm } from '@/testing/demo'
import { show } from '@/testing/mount'
import VisitPage from './VisitPage.vue'

const place = { at: '/visit/d1', pattern: '/visit/:draft' }
const WORDS: Record<string, string> = { 'zh-CN': '孩子在正常上学吗', en: 'Does the child go to school', ug: 'بالا مەكتەپكە بارامدۇ' }

afterEach(() => {
  window.localStorage.clear()
  i18n.global.locale.value = 'zh-CN'
})

/** A core that has a form in three languages and does what the screens wish. */
function speaking() {
  const wished: string[][] = []
  const form = (): VisitFormView => {
    const language = (wished[wished.length - 1] ?? []).find((code) => code in WORDS) ?? 'zh-CN'
    const { parts, ...rest } = visitForm()
    const asked = [question('school', WORDS[language] ?? '', { required: true })]
    return {
      ...rest,
      language,
      languages: Object.keys(WORDS),
      parts: parts.map((part) => (part.part === 'c1' ? { ...part, sections: part.sections.slice(0, 1).map((section) => ({ ...section, questions: asked })) } : part)),
    }
  }
  const backend = demoBackend({
    formLanguages: async ({ languages }) => {
      wished.push(languages)
      return null
    },
    visitForm: async () => form(),
  })
  return { backend, wished }
}

function signedIn(id: string) {
  return { ...readyTablet, account: { id, role: 'director', unit: '青石村', township: '临河镇', unsent: null } }
}

test('a form of several languages opens in the interface\'s, and one tap reads it in another', async () => {
  const { backend, wished } = speaking()
  i18n.global.locale.value = 'en'
  const { by, tap } = await show(VisitPage, { ...place, backend, app: signedIn('1') })
  expect(wished).toEqual([['en']])
  expect(by('question:c1:school').textContent).toContain(WORDS.en)
  expect(by('form-language').textContent).toContain('English')
  await tap('answer:form-language:zh-CN')
  expect(by('question:c1:school').textContent).toContain(WORDS['zh-CN'])
  expect(wished).toEqual([['en'], ['zh-CN', 'en']])
})

test('what somebody chose is there again for her, and for nobody else', async () => {
  const first = speaking()
  const hers = await show(VisitPage, { ...place, backend: first.backend, app: signedIn('1') })
  await hers.tap('answer:form-language:ug')
  hers.wrapper.unmount()
  const second = speaking()
  const again = await show(VisitPage, { ...place, backend: second.backend, app: signedIn('1') })
  expect(second.wished).toEqual([['ug', 'zh-CN']])
  again.wrapper.unmount()
  const third = speaking()
  await show(VisitPage, { ...place, backend: third.backend, app: signedIn('2') })
  expect(third.wished).toEqual([['zh-CN']])
})

test('words that run from right to left say so, and the page around them does not', async () => {
  const { backend } = speaking()
  const { by, tap, wrapper } = await show(VisitPage, { ...place, backend, app: signedIn('1') })
  await tap('answer:form-language:ug')
  const asked = by('question:c1:school')
  expect(asked.querySelector('.label')?.getAttribute('dir')).toBe('rtl')
  expect(asked.querySelector('.label')?.getAttribute('lang')).toBe('ug')
  expect(asked.querySelector('[role="radiogroup"]')?.getAttribute('dir')).toBe('rtl')
  expect(asked.querySelector('.hint')?.hasAttribute('dir')).toBe(false)
  expect(wrapper.element.closest('[dir="rtl"]')).toBeNull()
})

test('a form of one language has no switch, and its words carry nothing', async () => {
  const { by, wrapper } = await show(VisitPage, place)
  expect(wrapper.find('[data-test="form-language"]').exists()).toBe(false)
  expect(by('question:c1:school').querySelector('.label')?.hasAttribute('dir')).toBe(false)
})

test('a language says its own name and which way it runs', () => {
  expect(['zh-CN', 'en'].map(languageName)).toEqual(['中文', 'English'])
  expect(languageName('not a language')).toBe('not a language')
  expect(['zh-CN', 'en', 'ug', 'ar-EG', 'kk-Arab', 'kk-Cyrl', 'ku-Latn'].map(directionOf)).toEqual(['ltr', 'ltr', 'rtl', 'rtl', 'rtl', 'ltr', 'ltr'])
})

import { flushPromises } from '@vue/test-utils'
import { afterEach, expect, test, vi } from 'vitest'
import type { AnswerInput, VisitFormView } from '@/backend'
import { useLayout } from '@/shared/useLayout'
import { useToast } from '@/shared/useToast'
import { demoBackend, question, visitForm } from '@/testing/demo'
import { show } from '@/testing/mount'
import VisitPage from './VisitPage.vue'

const place = { at: '/visit/d1', pattern: '/visit/:draft' }

afterEach(() => {
  vi.useRealTimers()
})

function listening(view: () => VisitFormView = visitForm) {
  const answers: AnswerInput[] = []
  const village = demoBackend()
  const backend = demoBackend({
    visitForm: async () => view(),
    answerVisit: async (input) => {
      answers.push(input)
      return village.answerVisit(input)
    },
  })
  return { answers, backend }
}

function typeInto(field: Element | null, words: string): void {
  const text = field as HTMLTextAreaElement
  text.value = words
  text.dispatchEvent(new Event('input'))
}

test('the form draws every part, section and question the core sends', async () => {
  const { wrapper } = await show(VisitPage, place)
  expect(wrapper.findAll('[data-test^="question:"]').map((found) => found.attributes('data-test'))).toEqual([
    'question:event_date',
    'question:met',
    'question:carer',
    'question:c1:school',
    'question:c1:mood',
    'question:c1:l_summary',
  ])
  expect(wrapper.get('[data-test="last-note"]').text()).toContain('10月18日')
})

test('a tapped answer goes to the core at once', async () => {
  const { answers, backend } = listening()
  const { tap, by } = await show(VisitPage, { ...place, backend })
  await tap('answer:met:child')
  await tap('answer:met:carer')
  await tap('answer:c1:school:ok')
  expect(answers).toEqual([
    { draft: 'd1', part: 'session', key: 'met', codes: ['child'], text: null },
    { draft: 'd1', part: 'session', key: 'met', codes: ['child', 'carer'], text: null },
    { draft: 'd1', part: 'c1', key: 'school', codes: ['ok'], text: null },
  ])
  expect(by('autosave').textContent).toContain('已自动保存 10:42 · 3/6')
})

test('words are sent after a pause, and all of them on leaving the field', async () => {
  const { answers, backend } = listening()
  const { by } = await show(VisitPage, { ...place, backend })
  vi.useFakeTimers()
  const field = by('answer:c1:l_summary').querySelector('textarea')
  typeInto(field, '都')
  typeInto(field, '都好')
  expect(answers).toEqual([])
  vi.advanceTimersByTime(400)
  vi.useRealTimers()
  await flushPromises()
  typeInto(field, '都好。')
  field?.dispatchEvent(new Event('blur'))
  await flushPromises()
  expect(answers.map((answer) => answer.text)).toEqual(['都好', '都好。'])
})

test('words still waiting are sent when the page goes away', async () => {
  const { answers, backend } = listening()
  const { by } = await show(VisitPage, { ...place, backend })
  typeInto(by('answer:c1:l_summary').querySelector('textarea'), '没电了')
  window.dispatchEvent(new Event('pagehide'))
  await flushPromises()
  expect(answers.map((answer) => answer.text)).toEqual(['没电了'])
})

test('a refused answer stays on the screen, is said in words and sent again', async () => {
  let full = true
  const village = demoBackend()
  const backend = demoBackend({
    answerVisit: (input) => (full ? Promise.reject({ code: 'disk_full', params: {} }) : village.answerVisit(input)),
  })
  const { tap, by } = await show(VisitPage, { ...place, backend })
  await tap('answer:c1:school:ok')
  expect(by('problem-disk_full').textContent).toContain('平板快满了')
  expect(by('answer:c1:school:ok').className).toContain('chosen')
  full = false
  await tap('answer:c1:mood:up')
  by('problem-disk_full').querySelector('button')?.click()
  await flushPromises()
  expect(document.querySelector('[data-test="problem-disk_full"]')).toBeNull()
})

test('和上次一样 asks the core for the section', async () => {
  const { tap, wrapper } = await show(VisitPage, place)
  await tap('same:session:C')
  expect(wrapper.find('[data-test="same:session:C"]').exists()).toBe(false)
})

test('都没有 names what it answers, and goes when nothing of it is open', async () => {
  const { by, tap, wrapper } = await show(VisitPage, place)
  expect(by('none-card').textContent).toContain('可见伤痕、近期行为')
  await tap('none:c1')
  expect(wrapper.find('[data-test="none-card"]').exists()).toBe(false)
})

test('the form opens where the person was', async () => {
  const { backend } = listening(() => ({ ...visitForm(), position: 'c1/mood' }))
  await show(VisitPage, { ...place, backend })
  expect((document.activeElement as HTMLInputElement).name).toBe('c1:mood')
})

test('gaps are links, and saving is never held back by them', async () => {
  const { tap, router } = await show(VisitPage, place)
  await tap('missing')
  await tap('missing:school')
  expect((document.activeElement as HTMLInputElement).name).toBe('c1:school')
  await tap('visit-save')
  expect(router.currentRoute.value.path).toBe('/saved')
})

test('a draft on an older form says so, and that it can be finished', async () => {
  const { backend } = listening(() => ({ ...visitForm(), old_form: true }))
  const { by } = await show(VisitPage, { ...place, backend })
  expect(by('old-form').textContent).toContain('可以接着填完')
})

test('a phrase joins what was written', async () => {
  const { answers, backend } = listening()
  const { by } = await show(VisitPage, { ...place, backend })
  const question = by('question:c1:l_summary')
  question.querySelector<HTMLElement>('[data-test="phrase-0"]')?.click()
  await flushPromises()
  expect(question.querySelector('textarea')?.value).toBe('一切正常')
  question.querySelector('textarea')?.dispatchEvent(new Event('blur'))
  await flushPromises()
  expect(answers.map((answer) => answer.text)).toEqual(['一切正常'])
})

test('the whole form opens and folds, and rows come and go with a way back', async () => {
  const rows = (): VisitFormView => {
    const form = visitForm()
    const [first, ...rest] = form.parts[0]!.sections
    return { ...form, parts: [{ ...form.parts[0]!, sections: [{ ...first!, key: 'G', repeats: true, may_add: true }, ...rest] }, ...form.parts.slice(1)] }
  }
  let form = rows()
  const put = (names: string[]) => {
    const [first, ...rest] = form.parts[0]!.sections
    const made = names.map((row) => ({ row, questions: [question(`count@${row}`, '几件', { kind: 'int', options: [] })] }))
    form = { ...form, parts: [{ ...form.parts[0]!, sections: [{ ...first!, rows: made }, ...rest] }, ...form.parts.slice(1)] }
    return form
  }
  const backend = demoBackend({
    visitForm: async () => form,
    visitFull: async ({ full }) => (form = { ...form, full }),
    visitRow: async ({ there }) => put(there ? ['r1'] : []),
  })
  const { tap, wrapper, by } = await show(VisitPage, { ...place, backend })
  expect(by('visit-full').textContent).toContain('展开完整表')
  await tap('visit-full')
  expect(by('visit-full').textContent).toContain('收起')
  await tap('row-add:session:G')
  expect(wrapper.findAll('[data-test="row:session:G"]').length).toBe(1)
  expect((by('answer:count@r1') as HTMLInputElement).inputMode).toBe('numeric')
  await tap('row-remove')
  expect(wrapper.findAll('[data-test="row:session:G"]').length).toBe(0)
  await useToast().takeBack()
  await flushPromises()
  expect(wrapper.findAll('[data-test="row:session:G"]').length).toBe(1)
})

test('what was written of each child last time stands with its name, and what was to be remembered', async () => {
  const notes = [
    { name: '石小雨', when: '10月18日', text: '情绪低落', reminder: '' },
    { name: '石小晨', when: '9月2日', text: '都好', reminder: '带书包' },
    { name: '', when: '', text: '', reminder: '问问低保' },
  ]
  const { backend } = listening(() => ({ ...visitForm(), last_notes: notes }))
  const { by } = await show(VisitPage, { ...place, backend })
  const words = by('last-note').textContent
  expect(words).toContain('上次（10月18日）石小雨：情绪低落')
  expect(words).toContain('上次（9月2日）石小晨：都好')
  expect(words).toContain('石小晨，要记得：带书包')
  expect(words).toContain('要记得：问问低保')
})

test('a saved visit that is gone on with shows what was answered and asks what was not', async () => {
  const form = visitForm()
  const given = (key: string) => ({
    ...form,
    fills: true,
    parts: form.parts.map((part) => ({
      ...part,
      sections: part.sections.map((section) => ({
        ...section,
        questions: section.questions.map((asked) => (asked.key === key ? { ...asked, codes: ['up'], given: '开朗' } : asked)),
      })),
    })),
  })
  const { backend } = listening(() => given('mood'))
  const { by, tap, router } = await show(VisitPage, { ...place, backend })
  expect(by('fills').textContent).toContain('答过的不变')
  expect(by('given:c1:mood').textContent).toBe('开朗')
  expect(by('question:c1:mood').querySelector('input')).toBeNull()
  expect(by('question:c1:school').querySelector('input')).not.toBeNull()
  expect(by('visit-save').textContent).toContain('保存补上的')
  await tap('visit-save')
  expect(router.currentRoute.value.path).toBe('/saved')
})

test('her own words are counted, and beyond what the national record takes it says so', async () => {
  const form = visitForm()
  const limited = {
    ...form,
    parts: form.parts.map((part) => ({
      ...part,
      sections: part.sections.map((section) => ({
        ...section,
        questions: section.questions.map((asked) => (asked.key === 'l_summary' ? { ...asked, most: 4 } : asked)),
      })),
    })),
  }
  const { backend } = listening(() => limited)
  const { by } = await show(VisitPage, { ...place, backend })
  const field = by('answer:c1:l_summary').querySelector('textarea')
  typeInto(field, '都很好𠮷')
  await flushPromises()
  expect(by('length:c1:l_summary').textContent).toContain('4/4 字')
  typeInto(field, '都很好了。')
  await flushPromises()
  expect(by('length:c1:l_summary').textContent).toContain('超过 4 字，全国表里只写前 4 字')
})

test('with letters twice as large the save stays in sight, and the rest of the bar stands at the end of the form', async () => {
  const { setFontScale } = useLayout()
  setFontScale(200)
  try {
    const { by } = await show(VisitPage, place)
    expect(by('visit-save').closest('footer')?.className).toContain('stays')
    expect(by('visit-counted').closest('footer')).not.toBeNull()
    expect(by('visit-report').closest('footer')).toBeNull()
    expect(by('missing').closest('footer')).toBeNull()
  } finally {
    setFontScale(100)
  }
})

test('a visit that met nobody goes on to why, and nothing is saved before', async () => {
  const { backend } = listening(() => ({ ...visitForm(), is_attempt: true }))
  const saves: unknown[] = []
  const { tap, by, router } = await show(VisitPage, {
    ...place,
    backend: Object.assign(backend, {
      saveVisit: async (input: unknown) => {
        saves.push(input)
        return Promise.reject(new Error('nobody was met'))
      },
    }),
  })
  expect(by('visit-save').textContent).toContain('为什么没见到')
  await tap('visit-save')
  expect(saves).toEqual([])
  expect(router.currentRoute.value.fullPath).toBe('/attempt/c1?visit=d1')
})

import { expect, test } from 'vitest'
import type { AnswerRightInput, AppView, AskRightInput, RightRow, RightsView } from '@/backend'
import { memoryBackend } from '@/backend/memory'
import { readyTablet } from '@/testing/demo'
import { show } from '@/testing/mount'
import ChildRightsPage from './ChildRightsPage.vue'
import RightPaperPage from './RightPaperPage.vue'
import RightsPage from './RightsPage.vue'

const station: AppView = { ...readyTablet, shell: 'station' }

function row(request: string, more: Partial<RightRow> = {}): RightRow {
  return {
    request,
    child: 'c1',
    name: '石小雨',
    village: '芦汀村',
    rights: ['see', 'erase'],
    who: '父母或其他监护人',
    asker: '石磊',
    text: '去年的记录',
    on: '2026-11-20',
    by: '李玉梅',
    due: '2026-12-05',
    left: 12,
    state: 'open',
    limits: false,
    answer: null,
    may_answer: true,
    ...more,
  }
}

const answered = row('r2', {
  state: 'answered',
  limits: true,
  answer: { outcome: 'limited', duty: '走访、建档是法律交办的事', text: '留着，不再给别人。', by: '周敏', at: '2026-11-23T02:00:00Z', days: 3 },
})

function view(rows: RightRow[]): RightsView {
  return {
    rows,
    days: 15,
    today: '2026-11-23',
    who: [{ code: 'guardian', label: '父母或其他监护人' }],
    duties: [{ code: 'care', label: '走访、建档是法律交办的事' }],
    unit: '芦汀镇',
    responsible: '何珊 000-0000-0001',
  }
}

test('the station sees how long there is, and answers with the duty that keeps something', async () => {
  const said: AnswerRightInput[] = []
  const backend = memoryBackend({
    rights: async () => view([row('r0', { state: 'overdue', left: -2 }), row('r1')]),
    answerRight: async (input) => {
      said.push(input)
      return view([answered])
    },
  })
  const { wrapper, by, tap } = await show(RightsPage, { at: '/rights', backend, app: station })
  const states = wrapper.findAll('[data-test="right-state"]').map((found) => found.text())
  expect(states).toEqual(['过期限 2 天', '还有 12 天'])
  await tap('right-answer')
  await tap('right-send')
  expect(said).toEqual([])
  await tap('answer:right-outcome:limited')
  await tap('answer:right-duty:care')
  const words = document.querySelector<HTMLTextAreaElement>('textarea#right-text')!
  words.value = '留着，不再给别人。'
  words.dispatchEvent(new Event('input'))
  await tap('right-send')
  expect(said).toEqual([{ child: 'c1', request: 'r0', outcome: 'limited', duty: 'care', text: '留着，不再给别人。' }])
  expect(by('right-outcome').textContent).toContain('限制使用')
})

test('a director writes down who asks and what for, and is told when something is missing', async () => {
  const asked: AskRightInput[] = []
  const backend = memoryBackend({
    rights: async () => view([]),
    askRight: async (input) => {
      asked.push(input)
      return view([row('r1', { may_answer: false })])
    },
  })
  const { wrapper, by, tap } = await show(ChildRightsPage, { at: '/rights/c1', pattern: '/rights/:child', backend })
  await tap('right-save')
  expect(asked).toEqual([])
  expect(wrapper.findAll('[role="alert"]').length).toBeGreaterThan(1)
  await tap('answer:right-what:see')
  await tap('answer:right-who:guardian')
  const name = by('right-name') as HTMLInputElement
  name.value = '石磊'
  name.dispatchEvent(new Event('input'))
  await tap('right-save')
  expect(asked).toEqual([{ child: 'c1', rights: ['see'], who: 'guardian', name: '石磊', text: '', on: '' }])
  expect(by('right-saved').textContent).toContain('登记好了')
  expect(wrapper.find('[data-test="right-answer"]').exists()).toBe(false)
})

test('the answer on paper says why it is kept and where to complain', async () => {
  const backend = memoryBackend({ rights: async () => view([answered]) })
  const { by } = await show(RightPaperPage, { at: '/rights/c1/r2/paper', pattern: '/rights/:child/:request/paper', backend, app: station })
  const words = by('right-paper').textContent ?? ''
  for (const part of ['石磊', '删掉', '不能删', '法律交办', '12345', '何珊']) expect(words).toContain(part)
})

import { flushPromises } from '@vue/test-utils'
import { expect, test } from 'vitest'
import type { AppView, BreachView, IncidentStepView, IncidentView } from '@/backend'
import { memoryBackend } from '@/backend/memory'
import { readyTablet } from '@/testing/demo'
import { show } from '@/testing/mount'
import BreachPage from './BreachPage.vue'

const station: AppView = { ...readyTablet, shell: 'station' }

function step(code: string, more: Partial<IncidentStepView> = {}): IncidentStepView {
  return { step: code, part: 'contain', text: '停用它', detail: [], until: '2026-11-24T03:00:00Z', late: false, go: 'devices', letter: null, done: null, ...more }
}

const incident: IncidentView = {
  incident: 'i1',
  title: '平板丢了',
  place: '白荷村的平板',
  on: '2026-11-24',
  by: '周敏',
  at: '2026-11-24T02:00:00Z',
  steps: [step('stop', { late: true }), step('bureau', { part: 'notify', go: null, letter: 'bureau' })],
  letters: [{ letter: 'bureau', title: '书面报告', text: '芦汀镇报告一起事件：〔　〕。' }],
  over: null,
  late: 1,
  open: 2,
}
const view: BreachView = { kinds: [{ code: 'lost', title: '平板丢了', hint: '先照着做。' }], incidents: [], today: '2026-11-24', source: '规定' }

async function write(element: HTMLElement, value: string): Promise<void> {
  const control = element.matches('input') ? element : element.querySelector<HTMLElement>('input')
  Object.assign(control ?? element, { value })
  control?.dispatchEvent(new Event('input', { bubbles: true }))
  await flushPromises()
}

test('what happened is noted, its steps are ticked with a name, and it ends with a sentence', async () => {
  const asked: string[] = []
  const backend = memoryBackend({
    breaches: async () => view,
    beginIncident: async ({ kind, place }) => {
      asked.push(`begin ${kind} ${place}`)
      return { ...view, incidents: [incident] }
    },
    incidentStep: async ({ step: code, note }) => {
      asked.push(`${code} ${note}`)
      const done = { by: '周敏', at: '2026-11-24T02:30:00Z', note }
      const over = code === 'over' ? done : null
      return { ...view, incidents: [{ ...incident, steps: [step('stop', { done })], over, late: 0 }] }
    },
  })
  const { by, tap } = await show(BreachPage, { backend, app: station })
  await tap('breach-go')
  expect(asked).toEqual([])
  await tap('answer:breach-kind:lost')
  await write(by('breach-place'), '白荷村的平板')
  await tap('breach-go')
  expect(asked).toEqual(['begin lost 白荷村的平板'])
  expect(by('incident-late').textContent).toContain('1')
  await tap('incident-letter')
  expect(by('breach-letter').textContent).toContain('芦汀镇报告')
  await tap('incident-tick:stop')
  await write(by('breach-note'), '已停用')
  await tap('breach-save')
  expect(by('incident-done').textContent).toContain('已停用')
  await tap('incident-end')
  await tap('breach-save')
  expect(asked).toEqual(['begin lost 白荷村的平板', 'stop 已停用'])
  await write(by('breach-note'), '找回来了')
  await tap('breach-save')
  expect(by('incident-over').textContent).toContain('找回来了')
})

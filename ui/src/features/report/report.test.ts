import { flushPromises } from '@vue/test-utils'
import { expect, test } from 'vitest'
import type { ProblemInput } from '@/backend'
import { demoBackend } from '@/testing/demo'
import { show } from '@/testing/mount'
import ReportPage from './ReportPage.vue'

const place = { at: '/report/c1', pattern: '/report/:child' }

function listening() {
  const sent: ProblemInput[] = []
  const village = demoBackend()
  const backend = demoBackend({
    reportProblem: async (input) => {
      sent.push(input)
      return village.reportProblem(input)
    },
  })
  return { sent, backend }
}

test('danger now opens the page of duties, which is left only by a choice with a word', async () => {
  const { sent, backend } = listening()
  const { tap, by } = await show(ReportPage, { ...place, backend })
  await tap('answer:card:hurt')
  await tap('answer:urgency:now')
  expect(by('mandatory-page').textContent).toContain('110')
  await tap('answer:mandatory:reported')
  expect((by('mandatory-done') as HTMLButtonElement).disabled).toBe(true)
  await tap('answer:whom:110')
  const field = by('mandatory-text').querySelector('textarea')
  if (field) field.value = '10 点报了 110'
  field?.dispatchEvent(new Event('input'))
  await flushPromises()
  by('mandatory-done').closest('form')?.dispatchEvent(new Event('submit', { cancelable: true }))
  await flushPromises()
  await tap('report-save')
  expect(sent).toEqual([
    {
      children: ['c1'],
      card: 'hurt',
      urgency: 'now',
      seen: '',
      origin_record: null,
      mandatory: { choice: 'reported', text: '10 点报了 110', whom: '110' },
    },
  ])
})

test('a matter of days asks for no such page', async () => {
  const { sent, backend } = listening()
  const { tap } = await show(ReportPage, { ...place, backend })
  await tap('answer:card:school')
  await tap('answer:siblings:c2')
  await tap('answer:urgency:days')
  await tap('report-save')
  expect(sent[0]).toMatchObject({ children: ['c1', 'c2'], urgency: 'days', mandatory: null })
})

test('a card suggested by a visit is chosen already', async () => {
  const { by } = await show(ReportPage, { at: '/report/c1?card=school&origin=r9', pattern: '/report/:child' })
  expect(by('answer:card:school').className).toContain('chosen')
})

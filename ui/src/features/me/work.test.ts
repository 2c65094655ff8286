import { expect, test } from 'vitest'
import type { WorkLogInput } from '@/backend'
import { demoBackend } from '@/testing/demo'
import { show } from '@/testing/mount'
import WorkLogPage from './WorkLogPage.vue'

async function page(days = true) {
  const asked: WorkLogInput[] = []
  const backend = demoBackend({
    workLog: async (input) => {
      asked.push(input)
      return {
        month: input.month ?? '2026-11',
        before: '2026-10',
        after: input.month ? '2026-11' : null,
        person: '李玉梅',
        unit: '白荷村',
        days: days
          ? [
              {
                date: '2026-11-05',
                lines: [
                  { kind: 'visit', names: ['石小雨', '石小晨'], text: '都好。', step: null, title: null, work: null },
                  { kind: 'problem', names: [], text: '个案 2026-3F2A91C0', step: 'reported', title: null, work: null },
                  { kind: 'written', names: [], text: '站里的月会。', step: null, title: '会议', work: { block: 'line', record: 'w1' } },
                ],
              },
            ]
          : [],
        kinds: [{ block: 'help', one: '一次关爱帮扶' }],
      }
    },
  })
  return { asked, ...(await show(WorkLogPage, { backend })) }
}

test('what was done stands in a table by days, and a sealed matter without names', async () => {
  const { by } = await page()
  const words = by('work-table').textContent ?? ''
  expect(words).toContain('石小雨、石小晨')
  expect(words).toContain('11月5日')
  expect(words).toContain('问题：报告')
  expect(words).toContain('个案 2026-3F2A91C0')
})

test('what was written down by hand has its own name, is changed from here, and more can be added', async () => {
  const { by } = await page()
  expect(by('work-table').textContent).toContain('会议')
  expect(by('work-edit:line').getAttribute('href')).toContain('/work/line/w1')
  expect(by('work-add:help').textContent).toContain('记一次关爱帮扶')
})

test('the month before is a tap away, and the one that runs has none after it', async () => {
  const { tap, asked } = await page()
  expect(document.querySelector('[data-test="work-after"]')).toBeNull()
  await tap('work-before')
  expect(asked.at(-1)).toEqual({ month: '2026-10' })
})

test('an empty month says what will stand there', async () => {
  const { by } = await page(false)
  expect(by('work-empty').textContent).toContain('自己写到这里')
})

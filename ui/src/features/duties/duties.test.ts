import { expect, test } from 'vitest'
import type { DutiesInput, DutiesView, TickDutyInput } from '@/backend'
import { demoBackend } from '@/testing/demo'
import { show } from '@/testing/mount'
import DutiesPage from './DutiesPage.vue'

const lists: DutiesView = {
  month: '2026-11',
  before: '2026-10',
  after: null,
  unit: '青石村',
  villages: [],
  may_tick: true,
  lists: [
    {
      code: 'director',
      title: '儿童主任职责清单',
      source: '须由民政部门核对',
      items: [
        {
          item: 'director/visits',
          words: '按规定联系和走访',
          detail: [],
          often: '按每个孩子的日子',
          every: 'month',
          proofs: [
            { what: 'visits', label: '', done: 3, of: 12, link: '/children' },
            { what: 'work', label: '活动', done: 1, of: null, link: '/me/work' },
            { what: 'problems', label: '无户口或证件', done: 2, of: null, link: '/problems' },
            { what: 'asked', label: '', done: 4, of: null, link: '/inbox' },
          ],
          ticked: false,
          ticks: [{ by: '赵春燕', on: '2026-11-20' }],
        },
      ],
    },
  ],
}

async function page(more: Partial<DutiesView> = {}) {
  const asked: DutiesInput[] = []
  const ticked: TickDutyInput[] = []
  const backend = demoBackend({
    duties: async (input) => {
      asked.push(input)
      return { ...lists, ...more }
    },
    tickDuty: async (input) => {
      ticked.push(input)
      return lists
    },
  })
  return { asked, ticked, ...(await show(DutiesPage, { backend })) }
}

test('an item says what the records tell, with the way to them, and who looked it through', async () => {
  const { by } = await page()
  const words = by('duty:director/visits').textContent ?? ''
  expect(words).toContain('3')
  expect(words).toContain('12')
  expect(words).toContain('活动')
  expect(words).toContain('无户口或证件：这个月上报 2 个')
  expect(words).toContain('请补充 4 次')
  expect(words).toContain('赵春燕')
  expect(by('duty:director/visits').querySelector('a')?.getAttribute('href')).toContain('/children')
})

test('a tick is of the month on the page', async () => {
  const { tap, ticked } = await page()
  await tap('tick:director/visits')
  expect(ticked).toEqual([{ month: '2026-11', item: 'director/visits', done: true }])
})

test('the station reads a village and ticks nothing of it', async () => {
  const { by, asked } = await page({ may_tick: false, villages: [{ code: 'v1', label: '青石村' }] })
  expect(document.querySelector('[data-test="tick:director/visits"]')).toBeNull()
  expect(by('duties-village').textContent).toContain('青石村')
  expect(asked).toEqual([{ month: null, village: null }])
})

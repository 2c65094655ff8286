import { flushPromises } from '@vue/test-utils'
import { expect, test } from 'vitest'
import type { RoundInput, RoundRow, RoundsView } from '@/backend'
import { demoBackend, TODAY } from '@/testing/demo'
import { show } from '@/testing/mount'
import RoundsPage from './RoundsPage.vue'

const row: RoundRow = {
  round: 'r1',
  name: '汛期看一看',
  from: '2026-11-20',
  to: '2026-12-01',
  kinds: ['visit'],
  tiers: [],
  binding: true,
  villages: ['青石村', '柳林村'],
  by: '麻建军',
  state: 'runs',
  of: 5,
  left: 2,
}
const page: RoundsView = {
  rows: [row],
  villages: [
    { code: 'v1', label: '青石村' },
    { code: 'v2', label: '柳林村' },
  ],
  tiers: [],
  most_days: 366,
}

test('a round is opened for the villages that are ticked, and says how far it is', async () => {
  const opened: RoundInput[] = []
  const backend = demoBackend({
    rounds: async () => page,
    openRound: async (input) => {
      opened.push(input)
      return page
    },
  })
  const { wrapper, by, tap } = await show(RoundsPage, { backend })
  expect(by('round-left').textContent).toContain('5 个孩子里还有 2 个')
  await tap('round-open')
  const field = document.querySelector<HTMLInputElement>('#round-name')
  if (!field) throw new Error('no field')
  field.value = '节前走访'
  field.dispatchEvent(new Event('input'))
  await tap('answer:round-village:v2')
  await tap('answer:round-kind:contact')
  await tap('round-save')
  await flushPromises()
  expect(opened).toHaveLength(1)
  expect(opened[0]).toMatchObject({ name: '节前走访', from: TODAY, kinds: ['visit', 'contact'], tiers: [], binding: true, villages: ['v1'] })
  expect(wrapper.text()).toContain('开好了')
})

test('one that is not needed is taken back, and nobody missed it', async () => {
  const taken: string[] = []
  const backend = demoBackend({
    rounds: async () => page,
    takeRoundBack: async ({ id }) => {
      taken.push(id)
      return { ...page, rows: [] }
    },
  })
  const { by, tap } = await show(RoundsPage, { backend })
  await tap('round-take-back')
  expect(document.body.textContent).toContain('也不算谁没去')
  await tap('round-take-back-save')
  await flushPromises()
  expect(taken).toEqual(['r1'])
  expect(by('rounds-empty')).toBeTruthy()
})

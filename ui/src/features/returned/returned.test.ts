import { expect, test } from 'vitest'
import type { ReturnedRow, ReturnedView } from '@/backend'
import { memoryBackend } from '@/backend/memory'
import { show } from '@/testing/mount'
import ReturnedPage from './ReturnedPage.vue'

const contact: ReturnedRow = {
  id: 'r1',
  kind: 'contact',
  text: '石小雨 联系',
  at: '2026-11-22T02:00:00Z',
  reason: 'too_large',
  waits: false,
  can_offer: false,
  child: 'c1',
  parts: [
    {
      text: '石小雨 联系',
      at: '2026-11-22T02:00:00Z',
      sealed: false,
      lines: [{ key: 'entries.note', label: null, before: null, after: '奶奶说都好。' }],
    },
  ],
  redo: {
    contact: {
      child: 'c1', event_date: '2026-11-22', mode: 'phone', party: ['caregiver'], reached: true, child_state: 'normal', topics: [],
      parent_contact_ok: null, note: '奶奶说都好。',
    },
    field: null,
  },
}

const filed: ReturnedRow = {
  ...contact,
  id: 'r2',
  kind: 'child',
  text: '何小满 建档',
  reason: 'not_your_unit',
  waits: true,
  can_offer: true,
  parts: [
    {
      text: '何小满 建档',
      at: '2026-11-22T02:00:00Z',
      sealed: false,
      lines: [{ key: 'fields.name', label: '姓名', before: '何满', after: '何小满' }],
    },
    { text: '何小满 联系', at: '2026-11-23T02:00:00Z', sealed: true, lines: [] },
  ],
  redo: null,
}

function tray(first: ReturnedView) {
  const asked: string[] = []
  let view = first
  const away = (): ReturnedView => ({ open: [], put_away: [...view.open, ...view.put_away] })
  const backend = memoryBackend({
    returned: async () => view,
    offerAgain: async ({ id }) => {
      asked.push(`again ${id}`)
      return (view = { ...view, open: [] })
    },
    putAway: async ({ id }) => {
      asked.push(`away ${id}`)
      return (view = away())
    },
    bringBack: async ({ id }) => {
      asked.push(`back ${id}`)
      return (view = { open: view.put_away, put_away: [] })
    },
  })
  return { asked, backend }
}

test('each line says why, what to do, and opens to what was written, old beside new', async () => {
  const { backend } = tray({ open: [filed, contact], put_away: [] })
  const { wrapper } = await show(ReturnedPage, { backend })
  const cards = wrapper.findAll('[data-test="returned"]').map((card) => card.text())
  expect(cards[0]).toContain('没有收下：这份不在您管的村里。')
  expect(cards[0]).toContain('平板会自己再交')
  expect(cards[0]).toContain('姓名原来是 何满何小满')
  expect(cards[0]).toContain('和它一起等的 · 何小满 联系')
  expect(cards[0]).toContain('这一段只给站里看')
  expect(cards[1]).toContain('请写短一点，再记一次。')
  expect(cards[1]).toContain('补充的话奶奶说都好。')
})

test('trying again is offered where it can help, the own form where there is one', async () => {
  const { asked, backend } = tray({ open: [filed], put_away: [] })
  const { wrapper, by, tap } = await show(ReturnedPage, { backend })
  expect(wrapper.find('[data-test="returned-redo"]').exists()).toBe(false)
  await tap('returned-again')
  expect(asked).toEqual(['again r2'])
  expect(by('returned-said').textContent).toContain('何小满 建档')
  expect(by('returned-empty')).toBeTruthy()

  const other = await show(ReturnedPage, { backend: tray({ open: [contact], put_away: [] }).backend })
  expect(other.wrapper.find('[data-test="returned-again"]').exists()).toBe(false)
  await other.wrapper.find('[data-test="returned-redo"]').trigger('click')
  await new Promise((resolve) => setTimeout(resolve))
  expect(other.router.currentRoute.value.fullPath).toBe('/contact/c1?returned=r1')
})

test('what is put away is kept and comes back', async () => {
  const { asked, backend } = tray({ open: [contact], put_away: [] })
  const { wrapper, by, tap } = await show(ReturnedPage, { backend })
  await tap('returned-away')
  expect(by('returned-put-away').textContent).toContain('已收起 1 份')
  await tap('returned-back')
  expect(asked).toEqual(['away r1', 'back r1'])
  expect(wrapper.findAll('[data-test="returned"]')).toHaveLength(1)
})

test('the whole of it is there to be read out', async () => {
  const { backend } = tray({ open: [filed], put_away: [] })
  const { by, tap } = await show(ReturnedPage, { backend })
  await tap('returned-read')
  const words = by('returned-plain').textContent
  for (const word of ['何小满 建档', '没有收下：这份不在您管的村里。', '姓名：何小满（原来是 何满）', '这一段只给站里看']) {
    expect(words).toContain(word)
  }
})

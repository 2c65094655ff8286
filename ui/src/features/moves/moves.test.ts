import { flushPromises } from '@vue/test-utils'
import { expect, test } from 'vitest'
import type { MoveRow, MovesView, ReviewRow } from '@/backend'
import { memoryBackend } from '@/backend/memory'
import { show } from '@/testing/mount'
import DeparturesPage from './DeparturesPage.vue'
import MovesPage from './MovesPage.vue'
import OfferPage from './OfferPage.vue'

const offered: MoveRow = {
  id: 'm1', subject: '石小雨等2名儿童', from: '芦汀镇 白荷村', to: '青溪镇 荷塘村', reason: '全家搬走', moved_on: '2026-11-01', by: '陈敏',
  at: '2026-11-02T02:00:00Z', expires: '2026-12-02T02:00:00Z', state: 'offered',
}
const late: ReviewRow = {
  change: 'c1', name: '石小雨', what: 'contacts', lines: [{ key: 'entries.note', label: null, before: null, after: '路上遇见，都好。' }], by: '李玉梅', unit: '白荷村', at: '2026-11-03T02:00:00Z',
  state: 'waiting', reason: '',
  cause: 'late',
  device: 'd1',
  damaged: false,
  numbered: false,
  recused: false,
}
const empty: MovesView = { incoming: [], outgoing: [], waiting: [], decided: [], waiting_in_all: 0, decided_in_all: 0, elsewhere: 0, more: null }

function station(first: MovesView) {
  const asked: string[] = []
  let view = first
  const backend = memoryBackend({
    moves: async () => view,
    decideMove: async ({ id, decision }) => {
      asked.push(`${decision} ${id}`)
      const end = (row: MoveRow) => ({ ...row, state: `${decision}ed`.replace('withdrawed', 'withdrawn').replace('declineed', 'declined') })
      return (view = { ...view, incoming: view.incoming.map(end), outgoing: view.outgoing.map(end) })
    },
    decideReview: async ({ change, take, reason }) => {
      asked.push(`${take ? 'take' : 'aside'} ${change} ${reason}`.trim())
      const decided = view.waiting.map((row) => ({ ...row, state: take ? 'taken' : 'set_aside', reason }))
      return (view = { ...view, waiting: [], decided, waiting_in_all: 0, decided_in_all: decided.length })
    },
  })
  return { asked, backend }
}

test('an offer from elsewhere is accepted here, one of ours is taken back', async () => {
  const other = { ...offered, id: 'm2', subject: '周子涵' }
  const { asked, backend } = station({ ...empty, incoming: [offered], outgoing: [other] })
  const { by, tap, wrapper } = await show(MovesPage, { backend })
  expect(by('incoming').textContent).toContain('芦汀镇 白荷村 → 青溪镇 荷塘村')
  expect(by('incoming').textContent).toContain('2026年11月1日 搬走。')
  expect(by('outgoing').textContent).toContain('周子涵')
  await tap('move-withdraw')
  expect(asked).toEqual(['withdraw m2'])
  expect(by('moves-said').textContent).toContain('档案还在原来的村')
  expect(wrapper.find('[data-test="move-withdraw"]').exists()).toBe(false)
})

test('within one township an offer stands once, where it is decided', async () => {
  const { asked, backend } = station({ ...empty, incoming: [offered], outgoing: [offered] })
  const { tap, wrapper } = await show(MovesPage, { backend })
  expect(wrapper.findAll('[data-test="move"]')).toHaveLength(1)
  await tap('move-accept')
  expect(asked).toEqual(['accept m1'])
})

test('late work shows what it says; it is taken, or set aside with a reason', async () => {
  const { asked, backend } = station({ ...empty, waiting: [late], waiting_in_all: 1, elsewhere: 2 })
  const { by, tap } = await show(MovesPage, { backend })
  expect(by('review').textContent).toContain('石小雨 联系')
  expect(by('review').textContent).toContain('补充的话路上遇见，都好。')
  expect(by('review').textContent).toContain('李玉梅（白荷村）')
  expect(by('moves-elsewhere').textContent).toContain('2 条')
  await tap('review-aside')
  expect((by('aside-save') as HTMLButtonElement).disabled).toBe(true)
  const reason = by('aside-reason').querySelector('textarea') ?? (by('aside-reason') as HTMLTextAreaElement)
  reason.value = '新村已经记过'
  reason.dispatchEvent(new Event('input'))
  await flushPromises()
  await tap('aside-save')
  expect(asked).toEqual(['aside c1 新村已经记过'])
  await tap('review-take')
  expect(asked[1]).toBe('take c1')
})

test('a record the server cannot read says so with its number, and is not taken', async () => {
  const rotten = { ...late, change: '5ec0ffee77'.padEnd(64, '0'), what: 'other', lines: [], damaged: true }
  const { backend } = station({ ...empty, waiting: [rotten, late], waiting_in_all: 2 })
  const { by, wrapper } = await show(MovesPage, { backend })
  expect(by('review-damaged').textContent).toContain('编号 5ec0ffee ')
  expect(by('review-damaged').textContent).toContain('先别放在一边')
  expect(wrapper.findAll('[data-test="review-take"]')).toHaveLength(1)
  expect(wrapper.findAll('[data-test="review-aside"]')).toHaveLength(2)
})

test('what does not fit on a page is counted, and reached', async () => {
  const row = (change: string, state = 'waiting') => ({ ...late, change, state })
  const asked: string[] = []
  const pages = {
    'waiting 1': { waiting: [row('c1'), row('c2')], decided: [row('c3', 'taken')], more: 'decided 3' },
    'decided 3': { waiting: [], decided: [row('c4', 'set_aside')], more: null },
  }
  const backend = memoryBackend({
    moves: async () => ({ ...empty, waiting: [row('c1')], waiting_in_all: 2, decided_in_all: 2, more: 'waiting 1' }),
    moreLate: async ({ after }) => {
      asked.push(after)
      return pages[after as keyof typeof pages]
    },
  })
  const { by, tap, wrapper } = await show(MovesPage, { backend })
  const cards = () => wrapper.findAll('[data-test="review"]').length
  expect(by('reviews').textContent).toContain('待看 2 条')
  expect(by('reviews-more').textContent).toContain('还有 1 条')
  expect(by('moves-over').textContent).toContain('2')
  expect(cards()).toBe(1)
  await tap('reviews-more')
  expect(cards()).toBe(3)
  await tap('decided-more')
  expect(cards()).toBe(4)
  expect(asked).toEqual(['waiting 1', 'decided 3'])
  expect(wrapper.find('[data-test="decided-more"]').exists()).toBe(false)
})

test('an offer names the village and why; the family goes unless one says otherwise', async () => {
  const sent: unknown[] = []
  const backend = memoryBackend({
    moveForm: async () => ({
      child: 'k1', name: '石小雨', village: '白荷村', siblings: ['石小晨'],
      targets: [
        { village: 'v1', name: '青溪村', township: '芦汀镇', here: true },
        { village: 'v2', name: '荷塘村', township: '青溪镇', here: false },
      ],
      alone: { children: 1, records: 2, problems: 0, problems_staying: 1, sealed: false },
      household: { children: 2, records: 3, problems: 1, problems_staying: 0, sealed: true },
      today: '2026-11-02',
    }),
    offerMove: async (input) => {
      sent.push(input)
      return empty
    },
  })
  const { by, tap, wrapper, router } = await show(OfferPage, { backend, at: '/moves/offer/k1', pattern: '/moves/offer/:child' })
  expect(by('move-load').textContent).toContain('儿童 2 名，记录 3 条，问题 1 个')
  expect(by('move-load').textContent).toContain('封存的详情留在本站')
  expect(by('move-village').textContent).toContain('青溪镇 荷塘村')
  await wrapper.find('form').trigger('submit')
  expect(wrapper.text()).toContain('还没选村')
  expect(sent).toEqual([])
  await tap('answer:move-who:alone')
  expect(by('move-load').textContent).toContain('还有 1 个问题')
  await wrapper.find('#move-village').setValue('v2')
  await wrapper.find('#move-reason').setValue('去那边上学')
  await wrapper.find('form').trigger('submit')
  await flushPromises()
  expect(sent).toEqual([{ child: 'k1', whole_household: false, village: 'v2', reason: '去那边上学', moved_on: '2026-11-02' }])
  expect(router.currentRoute.value.fullPath).toBe('/moves')
})

test('her tablet says how far everything came, and a begun visit can be finished', async () => {
  const row = { name: '石小雨', destination: '青溪村', left: '2026-11-02T02:00:00Z', unsent: 0, draft: null, removed: false, ended: false }
  const backend = memoryBackend({
    departures: async () => ({
      children: [
        { ...row, unsent: 2 },
        { ...row, name: '周子涵', draft: 'd1' },
        { ...row, name: '吴某某', removed: true },
      ],
      late: [
        { kind: 'contact', text: '石小雨 联系', state: 'waiting', reason: '', at: '2026-11-03T02:00:00Z' },
        { kind: '', text: '', state: 'set_aside', reason: '新村已经记过', at: '2026-11-03T02:00:00Z' },
      ],
    }),
  })
  const { wrapper, router } = await show(DeparturesPage, { backend })
  const cards = wrapper.findAll('[data-test="departure"]').map((card) => card.text())
  expect(cards[0]).toContain('还有 2 条没送到')
  expect(cards[2]).toContain('这里的档案已经收起')
  const lines = wrapper.findAll('[data-test="late"]').map((card) => card.text())
  expect(lines[0]).toContain('站里待看')
  expect(lines[1]).toContain('说明：新村已经记过')
  await wrapper.find('[data-test="departure-draft"]').trigger('click')
  await flushPromises()
  expect(router.currentRoute.value.fullPath).toBe('/visit/d1')
})

test('of a sealed matter the number is shown; it is taken and not put aside, and by nobody who is not to act', async () => {
  const sealed = { ...late, name: '个案 2026-3F2A91C0', what: 'events', lines: [], by: '', unit: '', device: '', cause: 'revoked', numbered: true }
  const { by, wrapper } = await show(MovesPage, { backend: station({ ...empty, waiting: [sealed], waiting_in_all: 1 }).backend })
  expect(by('review').textContent).toContain('个案 2026-3F2A91C0')
  expect(by('review-numbered').textContent).toContain('请站长看过再定')
  expect(wrapper.find('[data-test="handed-over"]').exists()).toBe(false)
  expect(wrapper.find('[data-test="review-take"]').exists()).toBe(true)
  expect(wrapper.find('[data-test="review-aside"]').exists()).toBe(false)
  const barred = await show(MovesPage, { backend: station({ ...empty, waiting: [{ ...sealed, recused: true }], waiting_in_all: 1 }).backend })
  expect(barred.by('review-recused').textContent).toContain('登记过要回避')
  expect(barred.wrapper.find('[data-test="review-take"]').exists()).toBe(false)
})

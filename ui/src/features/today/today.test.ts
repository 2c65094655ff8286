import { expect, test } from 'vitest'
import { demoBackend, due, todayRow, todayView } from '@/testing/demo'
import { show } from '@/testing/mount'
import TodayList from './TodayList.vue'
import TodayPage from './TodayPage.vue'
import { grouped, nearestWhenIdle } from './groups'

const later = todayRow('c9', '吴欣怡', 'later', due('visit', '2026-11-01', '2027-01-23', -60, '每季度一次'))

test('groups keep their order and count children, not rows', () => {
  const groups = grouped([...todayView.rows].reverse())
  expect(groups.map((entry) => entry.group)).toEqual(['overdue', 'today', 'soon', 'later'])
  expect(groups[0]?.children).toBe(3)
})

test('by her own way, houses with a number come first, inside their groups', () => {
  const rows = [
    { ...later, child: 'a', walk: null },
    { ...later, child: 'b', walk: 12 },
    { ...later, child: 'c', walk: 3 },
  ]
  const order = (by: 'date' | 'walk') => grouped(rows, by)[0]?.rows.map((row) => row.child)
  expect(order('walk')).toEqual(['c', 'b', 'a'])
  expect(order('date')).toEqual(['a', 'b', 'c'])
})

test('whoever numbered her houses may walk by them, and the device remembers', async () => {
  const rows = todayView.rows.map((row, index) => ({ ...row, walk: 9 - index }))
  const backend = demoBackend({ today: async () => ({ ...todayView, rows }) })
  const { by, tap } = await show(TodayList, { backend })
  await tap('today-order:walk')
  expect(by('today-order:walk').getAttribute('aria-pressed')).toBe('true')
  expect(window.localStorage.getItem('zoufang.today-order')).toBe('walk')
})

test('a group without rows is not shown', () => {
  expect(grouped([later]).map((entry) => entry.group)).toEqual(['later'])
})

test('the nearest is named only when nothing is due', () => {
  expect(nearestWhenIdle([later])?.child).toBe('c9')
  expect(nearestWhenIdle(todayView.rows)).toBeNull()
})

test('a row says what, when, why and how many days have passed', async () => {
  const { by } = await show(TodayList)
  const row = by('today-row:c1').textContent
  expect(row).toContain('石小雨、石小晨')
  expect(row).toContain('2 个孩子')
  expect(row).toContain('可做：10月19日–11月18日')
  expect(row).toContain('每月一次：母亲重度残疾')
  expect(row).toContain('已过 6 天')
})

test('an empty day names the nearest child', async () => {
  const backend = demoBackend({ today: async () => ({ ...todayView, rows: [later], drafts: [] }) })
  const { by } = await show(TodayList, { backend })
  expect(by('today-empty').textContent).toContain('最近一个：吴欣怡，还有 60 天')
})

test('the list is asked for again when records change', async () => {
  let rows = [later]
  const backend = demoBackend({ today: async () => ({ ...todayView, rows }) })
  const { wrapper } = await show(TodayList, { backend })
  rows = []
  backend.change('records')
  await new Promise(process.nextTick)
  await wrapper.vm.$nextTick()
  expect(wrapper.find('[data-test="today-row:c9"]').exists()).toBe(false)
})

test('a refused list is drawn in words with a way to ask again', async () => {
  const backend = demoBackend({ today: () => Promise.reject({ code: 'locked', params: {} }) })
  const { by } = await show(TodayList, { backend })
  expect(by('problem-locked').textContent).toContain('已经锁屏了')
  expect(by('retry')).toBeTruthy()
})

test('tapping a row offers the four things to do', async () => {
  const { by } = await show(TodayPage, { at: '/today?child=c3', pattern: '/today' })
  for (const name of ['go-visit', 'go-contact', 'go-attempt', 'go-file']) expect(by(name)).toBeTruthy()
})

test('a day that was agreed on stands beside the due date, and what the station asks for stands above', async () => {
  const agreed = [
    { kind: 'visit' as const, on: '2026-12-03', past: false },
    { kind: 'contact' as const, on: '2026-11-20', past: true },
  ]
  const row = todayRow('c9', '吴欣怡', 'later', due('visit', '2026-11-01', '2027-01-23', -60, '每季度一次'), { agreed })
  const asked = { child: 'c9', name: '吴欣怡', record: 'r1', kind: 'visit' as const, on: '2026-11-20', text: '情绪没写。', by: '张敏', can_fill: true }
  const backend = demoBackend({ today: async () => ({ ...todayView, rows: [row], asked: [asked] }) })
  const { by } = await show(TodayList, { backend })
  const words = by('today-row:c9').textContent
  expect(words).toContain('约好 12月3日 去')
  expect(words).toContain('约好 11月20日 联系，还没联系')
  expect(words).toContain('1月23日')
  expect(by('asked:c9').textContent).toContain('吴欣怡：张敏请您补充')
  expect(by('asked:c9').textContent).toContain('情绪没写。')
})

import { flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { EnrolmentView, VillageRow } from '@/backend'
import { memoryBackend } from '@/backend/memory'
import { show } from '@/testing/mount'
import EnrolmentDialog from './EnrolmentDialog.vue'

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-11-24T02:00:00Z'), toFake: ['setInterval', 'clearInterval', 'Date'] })
})
afterEach(() => {
  vi.useRealTimers()
})

const village: VillageRow = {
  village: 'v1',
  name: '芦汀村',
  region: '310199101201',
  children: 18,
  done: 0,
  overdue: 0,
  former: [],
  directors: [],
  tablet_seen: null,
}

function code(more: Partial<EnrolmentView> = {}): EnrolmentView {
  return {
    enrolment: 'e1',
    qr_svg: '<svg xmlns="http://www.w3.org/2000/svg"/>',
    qr_text: 'zoufang',
    code: '48213907',
    address: '192.168.1.20:7443',
    expires: '2026-11-24T02:10:00Z',
    state: 'waiting',
    compare_code: null,
    village: '芦汀村',
    person: '李玉梅',
    ...more,
  }
}

async function enrolling() {
  const server = { now: code(), confirmed: [] as string[], asked: 0 }
  const backend = memoryBackend({
    newEnrolment: async () => server.now,
    enrolment: async () => {
      server.asked += 1
      return server.now
    },
    confirmEnrolment: async ({ compare_code: seen }) => {
      server.confirmed.push(seen)
      return (server.now = { ...server.now, state: 'confirmed' })
    },
  })
  const shown = await show(EnrolmentDialog, { backend, props: { villages: [village], first: null } })
  /** Vue drops a tap in the very millisecond its button appeared, so the clock moves on first. */
  const tap = async (name: string) => {
    vi.advanceTimersByTime(1)
    await shown.tap(name)
  }
  const second = async () => {
    vi.advanceTimersByTime(1000)
    await flushPromises()
  }
  const begin = async () => {
    const person = shown.by('enrol-person') as HTMLInputElement
    person.value = '李玉梅'
    person.dispatchEvent(new Event('input'))
    await tap('enrol-start')
  }
  return { ...shown, tap, server, second, begin }
}

test('without a name no code is made', async () => {
  const { tap } = await enrolling()
  await tap('enrol-start')
  expect(document.querySelector('[role="dialog"]')?.textContent).toContain('写上姓名')
})

test('the code stands in groups of four, with a drawing and the time left', async () => {
  const { by, begin, second } = await enrolling()
  await begin()
  expect(by('enrol-code').textContent).toBe('4821 3907')
  expect(by('enrol-address').textContent).toBe('192.168.1.20:7443')
  expect(by('enrol-qr').getAttribute('src')).toMatch(/^data:image\/svg\+xml;base64,/)
  expect(by('enrol-left').textContent).toContain('10:00')
  await second()
  expect(by('enrol-left').textContent).toContain('9:59')
})

test('when the tablet has called the six digits are asked about, and 一样 confirms', async () => {
  const { by, tap, begin, second, server } = await enrolling()
  await begin()
  server.now = code({ state: 'comparing', compare_code: '402817' })
  await second()
  expect(by('enrol-compare').textContent).toBe('402 817')
  expect(by('enrol-state-comparing').textContent).toContain('两边的六位数字一样吗？')
  await tap('enrol-confirm')
  expect(server.confirmed).toEqual(['402817'])
  expect(by('enrol-state-confirmed')).toBeTruthy()
  server.now = code({ state: 'done' })
  await second()
  expect(by('enrol-state-done').textContent).toContain('李玉梅的平板可以用了')
})

test('不一样 confirms nothing and asks no more', async () => {
  const { by, tap, begin, second, server } = await enrolling()
  await begin()
  server.now = code({ state: 'comparing', compare_code: '402817' })
  await second()
  await tap('enrol-different')
  const asked = server.asked
  await second()
  expect(by('enrol-state-refused').textContent).toContain('这台平板拿不到任何资料')
  expect(server.confirmed).toEqual([])
  expect(server.asked).toBe(asked)
})

test.each([
  ['expired', '这个码过期了'],
  ['burnt', '这个码作废了'],
])('a code that is %s says so and offers another', async (state, words) => {
  const { by, tap, begin, second, server } = await enrolling()
  await begin()
  server.now = code({ state })
  await second()
  expect(by(`enrol-state-${state}`).textContent).toContain(words)
  server.now = code({ enrolment: 'e2', code: '11112222' })
  await tap('enrol-again')
  expect(by('enrol-code').textContent).toBe('1111 2222')
})

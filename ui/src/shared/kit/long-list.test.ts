import { flushPromises, mount } from '@vue/test-utils'
import { afterEach, expect, test, vi } from 'vitest'
import { Heights, rowsInSight } from './rowsInSight'
import ZLongList from './ZLongList.vue'

const keys = Array.from({ length: 1000 }, (_, index) => `k${index}`)

afterEach(() => vi.restoreAllMocks())

test('of a long list the rows between two edges are drawn, and room is kept for the others', () => {
  const heights = new Heights({ guess: 100 })
  expect(rowsInSight(keys, heights, -600, 1000)).toEqual({ start: 0, end: 10, before: 0, after: 99_000, whole: 100_000 })
  expect(rowsInSight(keys, heights, 50_000, 51_000)).toEqual({ start: 500, end: 510, before: 50_000, after: 49_000, whole: 100_000 })
  expect(rowsInSight(keys, heights, 99_500, 101_000)).toEqual({ start: 995, end: 1000, before: 99_500, after: 0, whole: 100_000 })
})

test('a list that lies out of sight draws nothing and keeps its room', () => {
  const heights = new Heights({ guess: 100 })
  expect(rowsInSight(keys, heights, 200_000, 201_000)).toEqual({ start: 1000, end: 1000, before: 100_000, after: 0, whole: 100_000 })
  expect(rowsInSight(keys, heights, -2_000, -1_000)).toEqual({ start: 0, end: 0, before: 0, after: 100_000, whole: 100_000 })
  expect(rowsInSight([], heights, 0, 100)).toEqual({ start: 0, end: 0, before: 0, after: 0, whole: 0 })
})

test('the guess is what the first rows were on average, and stays, also for the next list', () => {
  const sister = { guess: 100 }
  const heights = new Heights(sister)
  const other = new Heights(sister)
  heights.note([['k0', 60], ['k1', 80]])
  heights.note([['k2', 400]])
  expect([heights.of('k0'), heights.of('k2'), heights.of('k3')]).toEqual([60, 400, 70])
  expect(other.of('k0')).toBe(70)
})

function list(items: readonly string[]) {
  return mount(ZLongList<string>, {
    attachTo: document.body,
    props: { items, itemKey: (item: string) => item },
    slots: { default: ({ item }: { item: string }) => item },
  })
}

test('a short list is there whole', async () => {
  const wrapper = list(keys.slice(0, 60))
  await flushPromises()
  expect(wrapper.findAll('li')).toHaveLength(60)
  expect(wrapper.find('li').attributes('aria-setsize')).toBeUndefined()
})

test('a short part of a long whole is drawn as the whole is', async () => {
  const wrapper = mount(ZLongList<string>, {
    attachTo: document.body,
    props: { items: keys.slice(0, 50), itemKey: (item: string) => item, partOf: 1000 },
    slots: { default: ({ item }: { item: string }) => item },
  })
  await flushPromises()
  expect(wrapper.findAll('li').length).toBeLessThan(30)
})

test('a long one is there in part, says how long it is, and follows the scrolling', async () => {
  let top = 0
  vi.spyOn(HTMLElement.prototype, 'getBoundingClientRect').mockImplementation(() => new DOMRect(0, top, 300, 0))
  const wrapper = list(keys)
  await flushPromises()
  expect(wrapper.findAll('li').length).toBeLessThan(30)
  expect(wrapper.find('li').attributes()).toMatchObject({ 'aria-posinset': '1', 'aria-setsize': '1000' })
  top = -50_000
  document.dispatchEvent(new Event('scroll'))
  await flushPromises()
  const rows = wrapper.findAll('li')
  expect(rows.length).toBeLessThan(30)
  expect(rows.map((row) => row.text())).toContain('k500')
  expect(rows.find((row) => row.text() === 'k500')?.attributes('aria-posinset')).toBe('501')
})

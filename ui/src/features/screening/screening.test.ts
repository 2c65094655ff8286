import { flushPromises } from '@vue/test-utils'
import { expect, test } from 'vitest'
import type { LevelInput } from '@/backend'
import { demoBackend, screeningView } from '@/testing/demo'
import { show } from '@/testing/mount'
import ScreeningBlock from './ScreeningBlock.vue'

function listening(more: Partial<ReturnType<typeof screeningView>> = {}) {
  const settled: LevelInput[] = []
  const backend = demoBackend({
    screening: async () => screeningView(more),
    settleScreening: async (input) => {
      settled.push(input)
      const level = screeningView().levels.find((one) => one.code === input.level)!
      const words = { level, confirmed: input.reason === '', reason: input.reason, by: '李玉梅', on: '2026-11-26' }
      return screeningView({ ...more, settled: words, standing: words })
    },
  })
  return { settled, backend }
}

const props = { child: 'c1', record: 'r1' }

test('the suggestion is confirmed by a person, with no number on the screen', async () => {
  const { settled, backend } = listening()
  const { wrapper, tap } = await show(ScreeningBlock, { backend, props })
  expect(wrapper.get('[data-test="screening-suggested"]').text()).toContain('中')
  expect(wrapper.text()).not.toMatch(/\d+\s*分/)
  await tap('screening-settle')
  expect(settled).toEqual([{ child: 'c1', record: 'r1', level: 'medium', reason: '' }])
  expect(wrapper.get('[data-test="screening-settled"]').text()).toContain('李玉梅')
  expect(wrapper.find('[data-test="screening-settle"]').exists()).toBe(false)
})

test('another level wants a reason', async () => {
  const { settled, backend } = listening()
  const { tap, by } = await show(ScreeningBlock, { backend, props })
  await tap('answer:screening-level:low')
  expect((by('screening-settle') as HTMLButtonElement).disabled).toBe(true)
  const field = by('screening-reason').querySelector('textarea') ?? (by('screening-reason') as HTMLTextAreaElement)
  field.value = '伯父每天照看'
  field.dispatchEvent(new Event('input'))
  await flushPromises()
  await tap('screening-settle')
  expect(settled).toEqual([{ child: 'c1', record: 'r1', level: 'low', reason: '伯父每天照看' }])
})

test('out of the highest level leads only the station, and the page says so', async () => {
  const { backend } = listening({ suggested: { code: 'high', label: '高' }, may: ['high'] })
  const { wrapper } = await show(ScreeningBlock, { backend, props })
  expect(wrapper.findAll('[data-test^="answer:screening-level:"]').length).toBe(1)
  expect(wrapper.find('[data-test="screening-station"]').exists()).toBe(true)
})

test('what was found says where it shows, and what is masked in the file is masked here', async () => {
  const found = [
    { label: '独居，或年纪小常常没人看护', sources: ['visit', 'file', 'problem'] as const },
    { label: null, sources: ['file'] as const },
  ].map((one) => ({ ...one, sources: [...one.sources] }))
  const { backend } = listening({ found })
  const { wrapper } = await show(ScreeningBlock, { backend, props })
  const words = wrapper.findAll('.found li').map((one) => one.text())
  expect(words[0]).toBe('独居，或年纪小常常没人看护（表、档案、问题）')
  expect(words[1]).toContain('心理')
})

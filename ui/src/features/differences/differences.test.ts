import { flushPromises } from '@vue/test-utils'
import { expect, test } from 'vitest'
import type { DifferencesView, TakeDifferencesInput } from '@/backend'
import { demoBackend, differencesView } from '@/testing/demo'
import { show } from '@/testing/mount'
import FileDifferences from './FileDifferences.vue'

function listening(more: Partial<DifferencesView> = {}) {
  const taken: TakeDifferencesInput[] = []
  const undone: string[] = []
  const whole = differencesView(more)
  const backend = demoBackend({
    differences: async () => whole,
    takeDifferences: async (input) => {
      taken.push(input)
      const gone = input.take.map((one) => one.id)
      return {
        ...whole,
        found: whole.found.filter((one) => !gone.includes(one.id)),
        taken: whole.found.filter((one) => gone.includes(one.id)).map((one) => ({ taken: `t-${one.id}`, title: one.title, lines: one.lines, by: '李玉梅', on: '2026-11-23' })),
      }
    },
    undoDifference: async ({ taken: which }) => {
      undone.push(which)
      return whole
    },
  })
  return { taken, undone, backend }
}

const props = { child: 'c1', record: 'r1' }

test('old and new stand beside each other, and nothing is written without a tap', async () => {
  const { taken, backend } = listening()
  const { wrapper, by } = await show(FileDifferences, { backend, props })
  const words = by('difference:child/school_stage').textContent ?? ''
  expect(words).toContain('小学')
  expect(words).toContain('初中')
  expect(wrapper.text()).toContain('没写')
  expect(taken).toEqual([])
})

test('one tap takes one, and what was taken can be taken back', async () => {
  const { taken, undone, backend } = listening()
  const { wrapper, tap } = await show(FileDifferences, { backend, props })
  await tap('take:child/school_stage')
  expect(taken).toEqual([{ child: 'c1', record: 'r1', take: [{ id: 'child/school_stage', values: {} }] }])
  expect(wrapper.find('[data-test="difference:child/school_stage"]').exists()).toBe(false)
  expect(wrapper.get('[data-test="differences-taken"]').text()).toContain('李玉梅')
  await tap('undo:t-child/school_stage')
  expect(undone).toEqual(['t-child/school_stage'])
  expect(wrapper.find('[data-test="difference:child/school_stage"]').exists()).toBe(true)
})

test('what the visit did not ask is asked before a row is written', async () => {
  const { taken, backend } = listening()
  const { tap, by } = await show(FileDifferences, { backend, props })
  expect((by('take:work/+f') as HTMLButtonElement).disabled).toBe(true)
  const place = by('row-value:place')
  const field = place instanceof HTMLInputElement ? place : place.querySelector('input')!
  field.value = '浙江省宁波市'
  field.dispatchEvent(new Event('input'))
  await flushPromises()
  await tap('take:work/+f')
  expect(taken[0]?.take).toEqual([{ id: 'work/+f', values: { place: ['浙江省宁波市'] } }])
})

test('one tap for all leaves what lacks something and what the file learned later', async () => {
  const later = differencesView().found.map((one) => (one.id === 'household/own_bed' ? { ...one, newer: '王芳11月25日写的，比这次走访新' } : one))
  const two = [...later, { ...later[0]!, id: 'child/boarding', title: '是否寄宿' }]
  const { taken, backend } = listening({ found: two })
  const { tap, wrapper } = await show(FileDifferences, { backend, props })
  expect(wrapper.text()).toContain('比这次走访新')
  await tap('take-all')
  expect(taken[0]?.take.map((one) => one.id)).toEqual(['child/school_stage', 'child/boarding'])
})

test('a second child of the household does not say the household again', async () => {
  const { backend } = listening()
  const { wrapper } = await show(FileDifferences, { backend, props: { ...props, ownOnly: true } })
  expect(wrapper.find('[data-test="difference:household/own_bed"]').exists()).toBe(false)
})

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
  expect(taken).toEqual([{ child: 'c1', record: 'r1', take: [{ id: 'child/school_stage', row: null, values: {} }] }])
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
  expect((by('take:work/+f') as HTMLButtonElement).disabled, 'since when is asked too').toBe(true)
  await tap('unsure:work/+f:since')
  await tap('take:work/+f')
  expect(taken[0]?.take).toEqual([{ id: 'work/+f', row: null, values: { place: ['浙江省宁波市'], since: [] } }])
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

test('which parent it is about a person says, and of somebody new the name is asked', async () => {
  const name = { key: 'name', label: '姓名', kind: 'text', options: [], need: true, masked: false }
  const since = { key: 'special_from', label: '从哪天起', kind: 'date', options: [], need: false, masked: false }
  const lost = {
    ...differencesView().found[0]!,
    id: 'members/?special=lost',
    title: '家里人',
    question: '监护人特殊情况',
    lines: [{ label: '特别情况', before: null, after: '失去联系' }],
    among: [{ code: 'f', label: '石建军 · 父亲（服刑在押）' }],
    needs: [since],
    needs_new: [name],
    of_household: true,
  }
  const { taken, backend } = listening({ found: [lost] })
  const { tap, by, wrapper } = await show(FileDifferences, { backend, props })
  await tap('unsure:members/?special=lost:special_from')
  expect((by('take:members/?special=lost') as HTMLButtonElement).disabled, 'nobody said who').toBe(true)
  await tap('answer:whose:members/?special=lost:new')
  expect(wrapper.find('[data-test="row-value:name"]').exists()).toBe(true)
  expect((by('take:members/?special=lost') as HTMLButtonElement).disabled).toBe(true)
  await tap('answer:whose:members/?special=lost:f')
  await tap('take:members/?special=lost')
  expect(taken[0]?.take).toEqual([{ id: 'members/?special=lost', row: 'f', values: { special_from: [] } }])
})

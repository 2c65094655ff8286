import { expect, test } from 'vitest'
import { demoBackend, visitForm } from '@/testing/demo'
import { show } from '@/testing/mount'
import ChildFile from './ChildFile.vue'
import { FIRST_ROWS } from './timeline'

async function file(visits: number, problems: number) {
  const demo = demoBackend({})
  const view = await demo.childFile({ id: 'c1' })
  const [row] = view.timeline
  if (!row) throw new Error('the demo file has a record')
  const rows = (kind: 'visit' | 'problem', count: number) =>
    Array.from({ length: count }, (_, index) => ({ ...row, kind, record: `${kind}${index}` }))
  const backend = demoBackend({ childFile: async () => ({ ...view, timeline: [...rows('visit', visits), ...rows('problem', problems)] }) })
  return show(ChildFile, { backend, props: { child: 'c1' } })
}
const shown = () => [...document.querySelectorAll('[data-test^="record:"]')].map((row) => row.getAttribute('data-test'))

test('the newest records are shown, and all of them when asked', async () => {
  const { tap } = await file(FIRST_ROWS + 3, 0)
  expect(shown()).toHaveLength(FIRST_ROWS)
  await tap('timeline-more')
  expect(shown()).toHaveLength(FIRST_ROWS + 3)
})

test('a part of the file shows its records alone, and everything again', async () => {
  const { by, tap } = await file(2, 1)
  await tap('part:problems')
  expect(shown()).toEqual(['record:problem0'])
  expect(by('problem:problem0').getAttribute('href')).toContain('/problems/problem0')
  await tap('part:visits')
  expect(shown()).toEqual(['record:visit0', 'record:visit1'])
  await tap('timeline-all-kinds')
  expect(shown()).toHaveLength(3)
})

test('a half-filled visit says how much is open and what the station asks, and the form goes on from its line', async () => {
  const demo = demoBackend({})
  const view = await demo.childFile({ id: 'c1' })
  const [row] = view.timeline
  if (!row) throw new Error('the demo file has a record')
  const asked: unknown[] = []
  const line = { ...row, record: 'v1', open: 3, asked: ['11月28日 张敏 请补充：情绪没写。'], can_fill: true }
  const backend = demoBackend({
    childFile: async () => ({ ...view, timeline: [line, { ...line, record: 'v2', open: 0, asked: [] }] }),
    fillVisit: async (input) => {
      asked.push(input)
      return visitForm()
    },
  })
  const { by, tap, router } = await show(ChildFile, { backend, props: { child: 'c1' } })
  expect(by('open:v1').textContent).toContain('还有 3 题没答')
  expect(by('asked:v1').textContent).toContain('请补充：情绪没写。')
  expect(document.querySelector('[data-test="fill:v2"]')).toBeNull()
  await tap('fill:v1')
  expect(asked).toEqual([{ child: 'c1', record: 'v1' }])
  expect(router.currentRoute.value.path).toBe('/visit/d1')
})

import { expect, test } from 'vitest'
import type { SavedView } from '@/backend'
import { useSaved } from '@/shared/useSaved'
import { demoBackend, due, readyTablet, visitForm } from '@/testing/demo'
import { show } from '@/testing/mount'
import SavedPage from './SavedPage.vue'

const older = { child: 'c1', name: '石小雨', record: 'r1', next: [due('visit', '2026-12-25', '2027-01-23', -60, '每月一次：母亲重度残疾')], why_not: null, open: 2 }
const younger = { child: 'c2', name: '石小晨', record: 'r2', next: [due('visit', '2026-12-01', '2027-02-20', -88, '每季度一次：父母都在外')], why_not: '没见到石小晨和照料人，不算一次走访', open: 0 }

function saved(more: Partial<SavedView> = {}): SavedView {
  return { record: 'r1', names: '石小雨、石小晨', children: [older, younger], suggests: [], unmet: [], mandatory: [], screenings: [], follow_ups: [], differing: [], goods: null, incomplete: false, ...more }
}

const place = { at: '/saved', pattern: '/saved' }

test('each child has its own dates and its own reason', async () => {
  useSaved().keep('visit', 'c1', saved())
  const { by } = await show(SavedPage, place)
  expect(by('next-dates:c1').textContent).toContain('石小雨')
  expect(by('next-dates:c1').textContent).toContain('1月23日')
  expect(by('next-dates:c2').textContent).toContain('石小晨')
  expect(by('next-dates:c2').textContent).toContain('2月20日')
  const reasons = [...document.querySelectorAll('[data-test="why-not"]')].map((one) => one.textContent?.trim())
  expect(reasons).toHaveLength(1)
  expect(reasons[0]).toContain('石小晨：')
})

test('of one child nothing is named twice', async () => {
  useSaved().keep('visit', 'c1', saved({ names: '石小雨', children: [{ ...older, why_not: '没见到照料人' }] }))
  const { by } = await show(SavedPage, place)
  expect(by('why-not').textContent?.trim()).toBe('没见到照料人')
  expect(by('next-dates').querySelector('h2')).toBeNull()
})

test('what was left open is said, and the form goes on from there', async () => {
  const asked: unknown[] = []
  const backend = demoBackend({
    fillVisit: async (input) => {
      asked.push(input)
      return { ...visitForm(), fills: true }
    },
  })
  useSaved().keep('visit', 'c1', saved())
  const { by, tap, router } = await show(SavedPage, { ...place, backend })
  expect(by('saved-open').textContent).toContain('石小雨：还有 2 题没答')
  await tap('saved-fill:c1')
  expect(asked).toEqual([{ child: 'c1', record: 'r1' }])
  expect(router.currentRoute.value.path).toBe('/visit/d1')
})

test('what could not be worked out is said, and that it is saved all the same', async () => {
  useSaved().keep('contact', 'c1', saved({ children: [], incomplete: true }))
  const { by } = await show(SavedPage, place)
  expect(by('saved-incomplete').textContent).toContain('已经存好了')
})

test('at the station one goes back to the overview, and from a problem to taking it up', async () => {
  useSaved().keep('problem', 'c1', saved({ record: 'p7', children: [] }))
  const { by, tap, router } = await show(SavedPage, { ...place, app: { ...readyTablet, shell: 'station' } })
  expect(by('saved').textContent).toContain('登记好了')
  expect(by('back-to-today').textContent).toContain('总览')
  await tap('go-problem')
  expect(router.currentRoute.value.path).toBe('/problems/p7')
})

test('what was given is filed with one tap, and then it says so', async () => {
  const asked: unknown[] = []
  const goods = { child: 'c1', record: 'r1', text: '书包2件', names: '石小雨、石小晨', is_filed: false }
  const backend = demoBackend({
    fileGoods: async (input) => {
      asked.push(input)
      return { ...goods, is_filed: true }
    },
  })
  useSaved().keep('visit', 'c1', saved({ goods }))
  const { by, tap } = await show(SavedPage, { ...place, backend })
  expect(by('goods').textContent).toContain('书包2件')
  await tap('file-goods')
  expect(asked).toEqual([{ child: 'c1', record: 'r1' }])
  expect(by('goods-filed').textContent).toContain('石小雨、石小晨')
})

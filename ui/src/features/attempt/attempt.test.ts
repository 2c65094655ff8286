import { flushPromises } from '@vue/test-utils'
import { expect, test } from 'vitest'
import type { AttemptInput, KeepSheetInput, SheetView } from '@/backend'
import { demoBackend } from '@/testing/demo'
import { show } from '@/testing/mount'
import AttemptPage from './AttemptPage.vue'

test('a visit that met nobody says its day, and is asked why and when next', async () => {
  const asked: unknown[] = []
  const saved: AttemptInput[] = []
  const village = demoBackend()
  const backend = demoBackend({
    attemptForm: async (input) => {
      asked.push(input)
      return { ...(await village.attemptForm(input)), household: 'h9', event_date: '2026-11-21' }
    },
    recordAttempt: async (input) => {
      saved.push(input)
      return village.recordAttempt(input)
    },
  })
  const { tap, by, router } = await show(AttemptPage, { at: '/attempt/c1?visit=d1', pattern: '/attempt/:child', backend })
  expect(asked).toEqual([{ id: 'c1', visit: 'd1' }])
  expect((by('attempt-save') as HTMLButtonElement).disabled).toBe(true)
  await tap('answer:reason:away')
  await tap('answer:next-day:2026-11-27')
  await tap('attempt-save')
  expect(saved).toEqual([
    { household: 'h9', child: 'c1', event_date: '2026-11-21', reason: 'away', next_on: '2026-11-27', note: '', visit: 'd1', record: expect.any(String) },
  ])
  expect(router.currentRoute.value.path).toBe('/saved')
})

test('the note is kept while it is typed, stands there again, and goes with the save', async () => {
  const saved: AttemptInput[] = []
  const kept: KeepSheetInput[] = []
  const village = demoBackend()
  let left: SheetView | null = null
  const backend = demoBackend({
    sheet: async () => left,
    keepSheet: async (input) => {
      kept.push(input)
      left = { draft: 's1', photos: false, words: input.words, at: '2026-11-23T01:12:00Z' }
      return left
    },
    recordAttempt: async (input) => {
      saved.push(input)
      return village.recordAttempt(input)
    },
  })
  const place = { at: '/attempt/c1?visit=d1', pattern: '/attempt/:child', backend }
  const { by, tap, wrapper } = await show(AttemptPage, place)
  await tap('answer:reason:away')
  const field = by('attempt-note').querySelector('textarea')
  if (!field) throw new Error('no field')
  field.value = '邻居说去镇上了'
  field.dispatchEvent(new Event('input'))
  await flushPromises()
  wrapper.unmount()
  await flushPromises()
  expect(kept).toEqual([
    { sheet: { page: 'attempt', of: 'c1', record: 'd1' }, words: { reason: ['away'], next_on: [''], date: ['2026-11-23'], note: ['邻居说去镇上了'] } },
  ])

  const again = await show(AttemptPage, place)
  expect(again.by('sheet-left')).toBeTruthy()
  expect(again.by('attempt-note').closest('details')?.open).toBe(true)
  await again.tap('attempt-save')
  expect(saved).toEqual([expect.objectContaining({ reason: 'away', note: '邻居说去镇上了', visit: 'd1', sheet: 's1' })])
})

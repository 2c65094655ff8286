import { expect, test } from 'vitest'
import type { AttemptInput } from '@/backend'
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

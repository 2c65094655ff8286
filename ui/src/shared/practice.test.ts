import { expect, test } from 'vitest'
import MePage from '@/features/me/MePage.vue'
import { demoBackend, readyTablet } from '@/testing/demo'
import { show } from '@/testing/mount'
import FirstUse from './FirstUse.vue'
import PracticeStrip from './PracticeStrip.vue'

const practising = { ...readyTablet, practice: true, unit: '练习村' }
const village = () =>
  demoBackend({
    practiceStart: async () => practising,
    practiceEnd: async () => readyTablet,
  })

test('the card of the first use leads into the practice village', async () => {
  window.localStorage.clear()
  const first = await show(FirstUse, { backend: village(), props: { screen: 'today' } })
  await first.tap('first-use-practice')
  expect(first.app.value.practice).toBe(true)
  expect(document.querySelector('[data-test="first-use-practice"]')).toBeNull()
})

test('the strip says that nothing counts, and leads back', async () => {
  const strip = await show(PracticeStrip, { backend: village(), app: practising })
  expect(strip.by('practice-strip').textContent).toContain('这里的都不算数，也不会上传')
  await strip.tap('practice-end')
  expect(strip.app.value.practice).toBe(false)
})

test('a refusal to end stands under the strip', async () => {
  const backend = demoBackend({ practiceEnd: () => Promise.reject({ code: 'storage_busy', params: {} }) })
  const strip = await show(PracticeStrip, { backend, app: practising })
  await strip.tap('practice-end')
  expect(strip.by('problem-storage_busy')).toBeTruthy()
})

test('while she practises, nothing of her own work or lock stands on 我的', async () => {
  const me = await show(MePage, { backend: village(), app: practising })
  for (const own of ['go-sync', 'go-returned', 'go-departures', 'go-pin', 'go-new-lock', 'switch-user']) {
    expect(document.querySelector(`[data-test="${own}"]`), own).toBeNull()
  }
  expect(me.by('practice').textContent).toContain('都是编的')
  await me.tap('practice-leave')
  expect(document.querySelector('[data-test="go-pin"]')).not.toBeNull()
})

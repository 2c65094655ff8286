import { flushPromises } from '@vue/test-utils'
import { expect, test } from 'vitest'
import { demoBackend, readyTablet } from '@/testing/demo'
import { show } from '@/testing/mount'
import ComingPage from './ComingPage.vue'

test('what wants another head says whom to ask, and leads to the matter', async () => {
  const village = demoBackend()
  const backend = demoBackend({
    coming: async () => ({
      ...(await village.coming()),
      ageing: [],
      benefits: [],
      changes: [],
      headless: [
        { problem: 'p1', names: '石小雨', kind: '危房', open: true, asked: false },
        { problem: 'p2', names: '', kind: '个案 2026-017', open: false, asked: true },
      ],
    }),
  })
  const { by } = await show(ComingPage, { backend, app: { ...readyTablet, shell: 'station' } })
  await flushPromises()
  expect(by('coming-headless').textContent).toContain('请区里指派另一位站长')
  expect(by('coming-headless:p1').textContent).toContain('石小雨 · 危房')
  expect(by('coming-headless:p1').textContent).not.toContain('区里要看')
  expect(by('coming-headless:p2').textContent).toContain('区里要看')
  expect(document.querySelector('[data-test="coming-empty"]')).toBeNull()
})

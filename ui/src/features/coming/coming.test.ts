import { flushPromises } from '@vue/test-utils'
import { expect, test } from 'vitest'
import type { ComingView } from '@/backend'
import { demoBackend, readyTablet } from '@/testing/demo'
import { show } from '@/testing/mount'
import ComingPage from './ComingPage.vue'

const empty: ComingView = { status: [], law: [], ageing: [], ended: [], lowering: [], suggested: [], paused: [], soon: [], unfilled: [], benefits: [], changes: [], headless: [], years_without_holidays: [], terms_until: null }

function with_(more: Partial<ComingView>) {
  return show(ComingPage, { backend: demoBackend({ coming: async () => ({ ...empty, ...more }) }) })
}

test('a year without its holidays is said with what to do, and so are terms that end', async () => {
  const { by, wrapper } = await with_({ years_without_holidays: [2027], terms_until: '2027-06-30' })
  expect(by('coming-gap:holidays:2027').textContent).toContain('2027 年的放假安排')
  expect(by('coming-gap:holidays:2027').textContent).toContain('国务院')
  expect(by('coming-gap:terms').textContent).toContain('2027年6月30日')
  expect(wrapper.find('[data-test="coming-empty"]').exists()).toBe(false)
})

test('a calendar that is whole says nothing', async () => {
  const { by, wrapper } = await with_({})
  expect(by('coming-empty').textContent).toContain('没有要看的')
  expect(wrapper.find('[data-test^="coming-gap"]').exists()).toBe(false)
})

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

import { expect, test } from 'vitest'
import type { ComingView } from '@/backend'
import { demoBackend } from '@/testing/demo'
import { show } from '@/testing/mount'
import ComingPage from './ComingPage.vue'

const empty: ComingView = { status: [], law: [], ageing: [], ended: [], lowering: [], suggested: [], paused: [], soon: [], benefits: [], changes: [], years_without_holidays: [], terms_until: null }

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

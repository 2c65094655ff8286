import { flushPromises } from '@vue/test-utils'
import { expect, test } from 'vitest'
import type { ConfidentialInput, ConfidentialView } from '@/backend'
import { demoBackend } from '@/testing/demo'
import { show } from '@/testing/mount'
import ConfidentialPage from './ConfidentialPage.vue'

const place = { at: '/children/c1/confidential', pattern: '/children/:child/confidential' }

function page(more: Partial<ConfidentialView> = {}): ConfidentialView {
  return { child: 'c1', name: '石小雨', may: true, kept: 1, seconds: null, lines: [], ...more }
}

test('the head reads it for the PIN, and writes one down', async () => {
  const kept: ConfidentialInput[] = []
  const line = { text: '区里已确认', by: '陈站长', at: '2026-11-24T02:00:00Z' }
  const backend = demoBackend({
    confidential: async () => page(),
    showConfidential: async () => page({ seconds: 300, lines: [line] }),
    keepConfidential: async (input) => {
      kept.push(input)
      return page({ kept: 2, seconds: 300, lines: [line, { ...line, text: input.text, at: '2026-11-24T03:00:00Z' }] })
    },
  })
  const { wrapper, by, tap } = await show(ConfidentialPage, { ...place, backend })
  expect(wrapper.text()).not.toContain('区里已确认')
  await tap('confidential-show')
  await flushPromises()
  expect(by('confidential-line').textContent).toContain('区里已确认')
  await wrapper.find('textarea').setValue('下周去区里')
  await wrapper.find('form').trigger('submit')
  await flushPromises()
  expect(kept).toEqual([{ child: 'c1', text: '下周去区里' }])
  expect(wrapper.text()).toContain('下周去区里')
})

test('a colleague is not told that there is anything', async () => {
  const backend = demoBackend({ confidential: async () => page({ may: false, kept: 0 }) })
  const { wrapper, by } = await show(ConfidentialPage, { ...place, backend })
  expect(by('confidential-not-mine').textContent).toContain('只有站长')
  expect(wrapper.find('textarea').exists()).toBe(false)
})

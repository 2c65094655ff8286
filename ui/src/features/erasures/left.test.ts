import { flushPromises } from '@vue/test-utils'
import { expect, test, vi } from 'vitest'
import type { ErasuresView, LeftSealedRowView } from '@/backend'
import { memoryBackend } from '@/backend/memory'
import { show } from '@/testing/mount'
import ErasuresPage from './ErasuresPage.vue'

const page: ErasuresView = { is_current: true, requests: [], holds: [], due: [], left: [], may_hold: true, bases: [] }

const left: LeftSealedRowView = {
  subject: 'p1', title: '个案 2026-3F2A91C0', is_child: false, documents: 1, to: '青溪镇', left_on: '2026-11-02', handler: '周敏', review_on: '2036-11-02',
  is_over: false, asked: false, may_read: true,
}

test('what stayed sealed says where its matter went, and shows its words only while the core says so', async () => {
  vi.useFakeTimers()
  try {
    const lines = [{ text: '继父打了孩子', by: '李玉梅', at: '2026-11-02T02:00:00Z' }]
    const backend = memoryBackend({
      erasures: async () => ({ ...page, left: [left, { ...left, subject: 'p2', may_read: false, asked: true }] }),
      showLeftWords: async ({ id }) => ({ subject: id, seconds: 300, lines }),
    })
    const { by, tap } = await show(ErasuresPage, { backend })
    for (const words of ['个案 2026-3F2A91C0', '青溪镇', '周敏', '2036年11月2日']) expect(by('left-row').textContent).toContain(words)
    expect(document.querySelectorAll('[data-test="left-show"]')).toHaveLength(1)
    expect(document.querySelectorAll('[data-test="left-ask"]')).toHaveLength(1)
    await tap('left-show')
    expect(by('left-line').textContent).toContain('继父打了孩子')
    vi.advanceTimersByTime(300_000)
    await flushPromises()
    expect(document.body.textContent).not.toContain('继父打了孩子')
  } finally {
    vi.useRealTimers()
  }
})

test('its erasing is asked for with a ground and a sentence', async () => {
  const asked: unknown[] = []
  const backend = memoryBackend({
    erasures: async () => ({ ...page, left: [left], bases: [{ code: 'mistake', label: '建错了' }] }),
    requestErasure: async (input) => {
      asked.push(input)
      return { ...page, left: [{ ...left, asked: true }] }
    },
  })
  const { by, tap } = await show(ErasuresPage, { backend })
  await tap('left-ask')
  await tap('left-send')
  expect(document.body.textContent).toContain('请选一个根据')
  const choice = by('answer:left-basis:mistake').querySelector('input')
  choice!.click()
  const words = by('left-words')
  const area = words.matches('textarea') ? words : words.querySelector('textarea')
  Object.assign(area!, { value: '已移交青溪镇' })
  area!.dispatchEvent(new Event('input', { bubbles: true }))
  await flushPromises()
  await tap('left-send')
  expect(asked).toEqual([{ child: 'p1', basis: 'mistake', words: '已移交青溪镇' }])
  expect(by('left-row').textContent).toContain('已有人申请删除')
})

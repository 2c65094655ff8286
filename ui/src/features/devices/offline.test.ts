import { flushPromises } from '@vue/test-utils'
import { expect, test, vi } from 'vitest'
import type { DelegationView } from '@/backend'
import { memoryBackend } from '@/backend/memory'
import { show } from '@/testing/mount'
import OfflineDialog from './OfflineDialog.vue'

const nothing: DelegationView = { until: null, over: false, people: [], comparing: null }
const ready: DelegationView = {
  until: '2026-11-25T02:00:00Z',
  over: false,
  people: [{ staff: 's1', person: '李玉梅', unit: '芦汀村', left: 2, last: null }],
  comparing: null,
}
const comparing: DelegationView = { ...ready, comparing: { digits: '48213907', compare_code: '402817' } }

async function choose(input: HTMLElement, text: string): Promise<void> {
  Object.defineProperty(input, 'files', { value: [new File([text], 'zoufang-request.txt')], configurable: true })
  input.dispatchEvent(new Event('change'))
  await vi.waitFor(() => flushPromises())
}

test('what was never prepared is prepared while there is a network', async () => {
  const backend = memoryBackend({ delegation: async () => nothing, askDelegation: async () => ready })
  const { tap, by } = await show(OfflineDialog, { backend })
  await tap('offline-ask')
  expect(by('offline-until').textContent).toContain('可以用到')
})

test('a request shows eight digits and six, and only a chosen person gets an answer', async () => {
  const answered: string[] = []
  const read: string[] = []
  let now = ready
  const backend = memoryBackend({
    delegation: async () => now,
    readRequest: async ({ text }) => {
      read.push(text)
      return (now = comparing)
    },
    answerRequest: async ({ staff }) => {
      answered.push(staff)
      now = ready
      return { file_name: 'zoufang-answer.txt', bytes: btoa('answer') }
    },
  })
  const created = vi.spyOn(URL, 'createObjectURL').mockReturnValue('blob:answer')
  const { tap, by } = await show(OfflineDialog, { backend })
  await choose(by('offline-request-file'), 'zoufang-request:1:abc')
  await vi.waitFor(() => expect(by('offline-digits').textContent).toBe('4821 3907'))
  expect(read).toEqual(['zoufang-request:1:abc'])
  expect(by('offline-compare').textContent).toBe('402 817')
  expect((by('offline-same') as HTMLButtonElement).disabled).toBe(true)
  const person = by('offline-person') as HTMLSelectElement
  person.value = 's1'
  person.dispatchEvent(new Event('change'))
  await flushPromises()
  await tap('offline-same')
  await vi.waitFor(() => expect(by('offline-saved').textContent).toContain('芦汀村 李玉梅'))
  expect(answered).toEqual(['s1'])
  created.mockRestore()
})

test('digits that differ leave nothing behind', async () => {
  let now = comparing
  const backend = memoryBackend({ delegation: async () => now, forgetRequest: async () => (now = ready) })
  const { tap, by } = await show(OfflineDialog, { backend })
  await tap('offline-different')
  await vi.waitFor(() => expect(by('offline-refused').textContent).toContain('没有登记'))
})

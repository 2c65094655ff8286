import { flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { RevealFieldInput } from '@/backend'
import { demoBackend, readyTablet } from '@/testing/demo'
import { show } from '@/testing/mount'
import ChildFile from './ChildFile.vue'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  vi.useRealTimers()
})

async function file() {
  const asked: RevealFieldInput[] = []
  const backend = demoBackend({
    revealField: async (input) => {
      asked.push(input)
      return { text: '310199201703020027', seconds: 30 }
    },
  })
  return { asked, ...(await show(ChildFile, { backend, props: { child: 'c1' } })) }
}

test('a number is masked until somebody looks, and hides itself after a while', async () => {
  const { by, tap, asked } = await file()
  expect(by('field:id_no').textContent).toContain('310199********0027')
  await tap('look:id_no')
  expect(asked).toEqual([{ child: 'c1', holder: 'child', key: 'id_no' }])
  expect(by('field:id_no').textContent).toContain('310199201703020027')
  vi.advanceTimersByTime(30_000)
  await flushPromises()
  expect(by('field:id_no').textContent).toContain('310199********0027')
})

test('it hides at once when told so, and when the page goes out of sight', async () => {
  const { by, tap } = await file()
  await tap('look:id_no')
  await tap('hide:id_no')
  expect(by('field:id_no').textContent).not.toContain('310199201703020027')
  await tap('look:id_no')
  const seen = vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden')
  document.dispatchEvent(new Event('visibilitychange'))
  await flushPromises()
  seen.mockRestore()
  expect(by('field:id_no').textContent).not.toContain('310199201703020027')
})

test('a field that is not masked has nothing to look behind', async () => {
  await file()
  expect(document.querySelector('[data-test="look:name"]')).toBeNull()
})

test('changing a masked number begins empty, and empty changes nothing', async () => {
  const { by, tap } = await file()
  await tap('edit:id_no')
  expect((by('field-value') as HTMLInputElement).value).toBe('')
  expect((by('field-save') as HTMLButtonElement).disabled).toBe(true)
  expect(by('field-empty').textContent).toContain('去掉这个号码')
})

test('at the station a contact, a visit, an attempt and a problem begin in the file, too', async () => {
  const app = { ...readyTablet, shell: 'station' as const }
  const { by, tap, router } = await show(ChildFile, { props: { child: 'c1' }, app })
  for (const [act, path] of [['go-contact', '/contact/c1'], ['go-report', '/report/c1'], ['go-attempt', '/attempt/c1'], ['go-visit', '/visit/d1']] as const) {
    expect(by(act).textContent).not.toBe('')
    await tap(act)
    expect(router.currentRoute.value.path).toBe(path)
    await router.push('/')
    await flushPromises()
  }
  expect(by('go-move').textContent).not.toBe('')
})

test('what stands in no file is offered to whoever keeps it, and to nobody else', async () => {
  const app = { ...readyTablet, shell: 'station' as const }
  const village = demoBackend()
  const shown = async (confidential: boolean) => {
    const backend = demoBackend({ childFile: async (input) => ({ ...(await village.childFile(input)), confidential }) })
    const { wrapper } = await show(ChildFile, { props: { child: 'c1' }, app, backend })
    await flushPromises()
    const found = wrapper.find('[data-test="go-confidential"]').exists()
    wrapper.unmount()
    return found
  }
  expect(await shown(false)).toBe(false)
  expect(await shown(true)).toBe(true)
})

import { expect, test } from 'vitest'
import type { GuestFormView, OpenGuestInput } from '@/backend'
import { memoryBackend } from '@/backend/memory'
import ChildFile from '@/features/children/ChildFile.vue'
import ChildrenList from '@/features/children/ChildrenList.vue'
import { demoBackend } from '@/testing/demo'
import { show } from '@/testing/mount'
import GuestPage from './GuestPage.vue'

function form(more: Partial<GuestFormView> = {}): GuestFormView {
  return {
    child: 'c1',
    name: '石小雨',
    village: '白荷村',
    siblings: ['石小晨'],
    villages: [{ code: 'v2', label: '青溪村' }],
    rows: [],
    today: '2026-11-26',
    ...more,
  }
}

async function page(first: GuestFormView) {
  const asked: OpenGuestInput[] = []
  const ended: string[] = []
  const row = { id: 'g1', village: '青溪村', since: '2026-11-26', until: null, state: 'running' }
  const backend = memoryBackend({
    guestForm: async () => first,
    openGuest: async (input) => {
      asked.push(input)
      return form({ rows: [row] })
    },
    endGuest: async (input) => {
      ended.push(input.id)
      return form({ rows: [{ ...row, state: 'over', until: '2026-11-25' }] })
    },
  })
  const shown = await show(GuestPage, { backend, at: '/guests/c1', pattern: '/guests/:child' })
  return { asked, ended, shown }
}

test('a village is told only when one was chosen, and it ends on a tap', async () => {
  const { asked, ended, shown } = await page(form())
  await shown.tap('guest-save')
  expect(asked).toEqual([])
  expect(shown.wrapper.text()).toContain('请选一个村')
  const village = shown.by('guest-village')
  const select = (village.matches('select') ? village : village.querySelector('select')) as HTMLSelectElement
  select.value = 'v2'
  select.dispatchEvent(new Event('change', { bubbles: true }))
  await shown.tap('guest-save')
  expect(asked).toEqual([{ child: 'c1', village: 'v2', from: '2026-11-26', until: '', whole_household: false }])
  expect(shown.by('guest-row').textContent).toContain('看得到')
  await shown.tap('guest-end')
  expect(ended).toEqual(['g1'])
  expect(shown.by('guest-row').textContent).toContain('已结束')
})

test('the file of a child of another village is marked, and only reading, calling and reporting are offered', async () => {
  const whole = demoBackend()
  const file = await whole.childFile({ id: 'c1' })
  const guest = { village: '白荷村', managed_by: '青溪村', since: '2026-11-20', begun: true, until: null, here: true }
  const backend = demoBackend({ childFile: async () => ({ ...file, guest }) })
  const shown = await show(ChildFile, { backend, props: { child: 'c1' } })
  expect(shown.by('guest').textContent).toContain('户籍在本村 · 由青溪村管理')
  shown.by('go-contact')
  shown.by('go-report')
  for (const name of ['go-visit', 'add-help', 'go-attempt', 'status']) {
    expect(document.querySelector(`[data-test="${name}"]`)).toBeNull()
  }
})

test('such children stand by themselves behind the village’s own', async () => {
  const whole = demoBackend()
  const list = await whole.searchChildren({ query: '', village: null, only: null })
  const [first] = list.rows
  if (!first) throw new Error('the demo has children')
  const guests = [{ ...first, child: 'c9', name: '何小满', village: '青溪村', next: null }]
  const backend = demoBackend({ searchChildren: async () => ({ ...list, guests }) })
  const shown = await show(ChildrenList, { backend })
  expect(shown.by('guest-children').textContent).toContain('由青溪村管理')
  expect(shown.by('child-row:c9').textContent).toContain('何小满')
})

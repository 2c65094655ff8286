import { flushPromises } from '@vue/test-utils'
import { expect, test } from 'vitest'
import type { ExportChildInput, ExportFormView, ExportInput, ExportRequestView, ExportsView } from '@/backend'
import { memoryBackend } from '@/backend/memory'
import { show } from '@/testing/mount'
import ExportChildPage from './ExportChildPage.vue'
import ExportsPage from './ExportsPage.vue'

async function put(element: HTMLElement, value: string): Promise<void> {
  const control = element.matches('select, input') ? element : element.querySelector<HTMLElement>('select, input')
  Object.assign(control ?? element, { value })
  for (const event of ['input', 'change']) control?.dispatchEvent(new Event(event, { bubbles: true }))
  await flushPromises()
}

const form: ExportFormView = {
  ledgers: [{ code: 'L1', label: '农村留守儿童花名册' }, { code: 'L2', label: '第二本花名册' }],
  rows: 6,
  fields: [{ key: 'name', label: '姓名', masked: false }, { key: 'id_no', label: '身份证号', masked: true }],
  purposes: [{ code: 'report', label: '上报区里的花名册', full_numbers: true }, { code: 'visits', label: '安排走访', full_numbers: false }],
  limit: 200,
  minutes: 10,
}
const input: ExportInput = { request: 'r1', ledger: 'L1', about: null, village: null, purpose: 'report', words: '报区民政局', fields: ['name'], full_numbers: false }
const waiting: ExportRequestView = {
  id: 'r1', by: '周敏', at: '2026-11-02T02:00:00Z', input, ledger: '农村留守儿童花名册', about: null, village: null, purpose: '上报区里的花名册', fields: ['姓名'],
  rows: 300, state: 'asked', decided_by: null, may_decide: true, may_make: false,
}
const nothing: ExportsView = { made: [], requests: [], is_current: true }

function station(rows: number, first: ExportsView) {
  const asked: string[] = []
  const backend = memoryBackend({
    villages: async () => ({ rows: [] }),
    exportForm: async () => ({ ...form, rows }),
    exports: async () => first,
    makeExport: async ({ purpose, words, fields }) => {
      asked.push(`make ${purpose} ${words} ${fields.join('+')}`)
      return { id: 'e1', number: 'E-1', file_name: 'x.xlsx', password: 'ABCD-EFGH-2345', rows, until: '2026-11-02T02:10:00Z' }
    },
    requestExport: async ({ words }) => {
      asked.push(`ask ${words}`)
      return { ...nothing, requests: [{ ...waiting, may_decide: false }] }
    },
    decideExport: async ({ id, approve }) => {
      asked.push(`${approve ? 'approve' : 'decline'} ${id}`)
      return { ...nothing, requests: [{ ...waiting, state: 'approved', may_decide: false, decided_by: '陈站长' }] }
    },
  })
  return { asked, backend }
}

test('an export says what for, and shows its password once', async () => {
  const { asked, backend } = station(6, nothing)
  const { by, tap } = await show(ExportsPage, { backend })
  expect(by('export-rows').textContent).toContain('6 行')
  expect(by('export-go').hasAttribute('disabled')).toBe(true)
  await put(by('export-purpose'), 'report')
  await put(by('export-words'), '报区民政局')
  await tap('export-go')
  expect(asked).toEqual(['make report 报区民政局 name+id_no'])
  expect(by('export-password').textContent).toBe('ABCD-EFGH-2345')
  await tap('export-written')
  expect(document.body.textContent).not.toContain('ABCD-EFGH-2345')
})

test('more rows than the limit ask a second person', async () => {
  const { asked, backend } = station(201, nothing)
  const { by, tap } = await show(ExportsPage, { backend })
  expect(by('export-second').textContent).toContain('超过 200 行')
  await put(by('export-purpose'), 'visits')
  await put(by('export-words'), '排走访')
  await tap('export-go')
  expect(asked).toEqual(['ask 排走访'])
  expect(by('exports-said').textContent).toContain('已申请')
})

test('the second person sees who, why, what, and decides', async () => {
  const { asked, backend } = station(6, { ...nothing, requests: [waiting] })
  const { by, tap } = await show(ExportsPage, { backend })
  const card = by('export-request').textContent
  for (const words of ['周敏', '报区民政局', '300 行', '姓名']) expect(card).toContain(words)
  await tap('export-approve')
  expect(asked).toEqual(['approve r1'])
  expect(by('exports-said').textContent).toContain('周敏可以做了')
})

test('the copy of one file asks a second person where the day is used up, and is made once that one agreed', async () => {
  const asked: unknown[] = []
  const copies: ExportChildInput[] = []
  const backend = memoryBackend({
    exportForm: async () => ({ ...form, rows: 0, limit: 0 }),
    exportChild: async (wanted) => {
      copies.push(wanted)
      if (wanted.request === null) throw { code: 'export_needs_second', params: {} }
      return { id: 'e1', number: 'E-1', file_name: 'x.xlsx', password: 'ABCD-EFGH-2345', rows: 1, until: '2026-11-02T02:10:00Z' }
    },
    requestExport: async (wanted) => {
      asked.push(wanted)
      return nothing
    },
    villages: async () => ({ rows: [] }),
    exports: async () => ({ ...nothing, requests: [{ ...waiting, input: { ...input, ledger: 'FILE', about: 'c1', fields: [] }, ledger: '一个孩子的档案', about: '石小雨', fields: [], state: 'approved', may_decide: false, may_make: true }] }),
  })
  const page = await show(ExportChildPage, { at: '/exports/child/c1', pattern: '/exports/child/:child', backend })
  await put(page.by('copy-purpose'), 'report')
  await put(page.by('copy-words'), '父亲来要')
  await page.tap('copy-go')
  await page.tap('second-ask')
  expect(asked).toEqual([{ request: null, ledger: 'FILE', about: 'c1', village: null, purpose: 'report', words: '父亲来要', fields: ['file'], full_numbers: false }])
  expect(page.by('second-asked').textContent).toContain('已申请')
  await put(page.by('copy-words'), '母亲来要')
  await page.tap('second-ask')
  expect(asked, 'for other words somebody is asked once more').toHaveLength(2)
  page.wrapper.unmount()
  const { by, tap } = await show(ExportsPage, { backend })
  expect(by('export-request').textContent).toContain('石小雨')
  await tap('export-make')
  expect(copies.at(-1)).toEqual({ request: 'r1', child: 'c1', purpose: 'report', words: '报区民政局' })
  expect(by('export-password').textContent).toBe('ABCD-EFGH-2345')
})

import { expect, test, vi } from 'vitest'
import type { AuditMonthView } from '@/backend'
import { memoryBackend } from '@/backend/memory'
import { show } from '@/testing/mount'
import AuditPage from './AuditPage.vue'

const month: AuditMonthView = {
  month: '2026-11',
  people: [{ staff: 's1', person: '李玉梅', role: '儿童主任', unit: '白荷村', looks: [{ action: 'view_child', count: 3 }] }],
  events: [
    {
      at: '2026-11-03T02:00:00Z', action: 'export_made', by: '周敏', by_operator: false, about: null, paper: null, number: 'E-20261103-3F2A-1',
      purpose: '上报区里的花名册', count: 6, full_numbers: true,
    },
    { at: '2026-11-04T02:00:00Z', action: 'device_revoked', by: null, by_operator: true, about: '许桂兰', paper: null, number: null, purpose: null, count: null, full_numbers: false },
    {
      at: '2026-11-04T03:00:00Z', action: 'print_made', by: '周敏', by_operator: false, about: null, paper: 'report', number: 'P-20261104-3F2A-2',
      purpose: '给来处理的公安、救助人员', count: 1, full_numbers: false,
    },
    { at: '2026-11-05T02:00:00Z', action: 'something_of_next_year', by: '周敏', by_operator: false, about: null, paper: null, number: null, purpose: null, count: null, full_numbers: false },
  ],
  unusual: [{ day: '2026-11-06', person: '宋洁', children: 95, size: 30 }],
  faults: [{ person: '许桂兰', kind: 'forked' }],
  reviews: [],
}

function station() {
  const asked: string[] = []
  const backend = memoryBackend({
    auditMonth: async ({ month: code }) => {
      asked.push(code)
      return month
    },
    auditPerson: async () => ({ person: '李玉梅', children: [{ child: 'c1', name: '吴天宇', village: '白荷村', count: 2 }], elsewhere: 1 }),
    reviewAudit: async () => ({ ...month, reviews: [{ by: '周敏', at: '2026-11-30T02:00:00Z' }] }),
    printPurposes: async () => [{ code: 'inspect', label: '给上级检查' }],
    print: async ({ what, of, purpose }) => {
      asked.push(`print ${what} ${of} ${purpose}`)
      return { number: 'P-1', people: [], line: '芦汀镇 周敏　编号 P-1' }
    },
  })
  return { asked, backend }
}

test('a month says who looked at what, what left, and what does not fit', async () => {
  const { asked, backend } = station()
  const { by } = await show(AuditPage, { backend })
  expect(asked).toEqual(['2026-11'])
  expect(by('audit-people').textContent).toContain('看孩子档案 3 次')
  const events = by('audit-events').textContent
  expect(events).toContain('上报区里的花名册，6 行，带完整证件号，编号 E-20261103-3F2A-1')
  expect(events).toContain('报告的情况，给来处理的公安、救助人员，1 行，编号 P-20261104-3F2A-2')
  expect(events).toContain('停用设备')
  expect(events).toContain('服务器管理员')
  expect(events).toContain('其他事项')
  expect(by('audit-unusual').textContent).toContain('宋洁打开了 95 个孩子的档案')
  expect(by('audit-fault').textContent).toContain('许桂兰的设备被复制过')
})

test('whose files somebody opened is one tap away, and that somebody looked is written down', async () => {
  const { backend } = station()
  const { by, tap } = await show(AuditPage, { backend })
  await tap('audit-person')
  expect(by('audit-children').textContent).toContain('吴天宇')
  await tap('audit-person-close')
  await tap('audit-review')
  expect(by('audit-reviewed').textContent).toContain('周敏')
})

test('a print has its number on the paper before it is printed', async () => {
  const printed = vi.fn()
  window.print = printed
  const { asked, backend } = station()
  const { by, tap } = await show(AuditPage, { backend })
  const onPaper: (string | null)[] = []
  printed.mockImplementation(() => onPaper.push(document.documentElement.getAttribute('data-paper')))
  await tap('audit-print')
  expect(printed).not.toHaveBeenCalled()
  await tap('print-for:inspect')
  expect(asked).toContain('print audit_month 2026-11 inspect')
  expect(by('audit-paper').textContent).toContain('编号 P-1')
  expect(printed).toHaveBeenCalledOnce()
  // Only now, and only once: what is printed without asking is an empty sheet.
  expect(onPaper).toEqual(['page'])
  window.dispatchEvent(new Event('afterprint'))
  expect(document.documentElement.hasAttribute('data-paper')).toBe(false)
})

test('where the rules know no purpose nothing is printed', async () => {
  const printed = vi.fn()
  window.print = printed
  const { asked, backend } = station()
  backend.printPurposes = async () => {
    throw { code: 'purposes_none', params: {} }
  }
  const { tap, wrapper } = await show(AuditPage, { backend })
  await tap('audit-print')
  expect(wrapper.text()).toContain('没有打印用途')
  expect(asked.some((one) => one.startsWith('print'))).toBe(false)
  expect(printed).not.toHaveBeenCalled()
})

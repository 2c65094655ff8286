import { flushPromises } from '@vue/test-utils'
import { expect, test } from 'vitest'
import type { AppView, ExportInput, PacketFormView, PacketInput, PacketRow } from '@/backend'
import { memoryBackend } from '@/backend/memory'
import { readyTablet } from '@/testing/demo'
import { show } from '@/testing/mount'
import PacketPage from './PacketPage.vue'
import PacketsPage from './PacketsPage.vue'

const station: AppView = { ...readyTablet, shell: 'station' }

const form: PacketFormView = {
  problem: 'p1',
  title: '辍学或长期缺课 · 石小雨',
  referrals: [{ code: 'r1', label: '学校 2026-11-23' }],
  referral: 'r1',
  to: '学校',
  purposes: [{ code: 'school', label: '劝返复学、在校关爱' }, { code: 'protect', label: '调查处理、保护孩子' }],
  fields: [
    { key: 'child.name', label: '姓名', given: true, masked: false },
    { key: 'child.school_class', label: '班级', given: true, masked: false },
    { key: 'child.id_no', label: '证件号码', given: false, masked: true },
  ],
  days: 60,
  until: '2027-01-23',
  receipt_days: 7,
  minutes: 10,
  words_sealed: false,
}

async function write(element: HTMLElement, value: string): Promise<void> {
  const control = element.matches('input') ? element : element.querySelector<HTMLElement>('input')
  Object.assign(control ?? element, { value })
  control?.dispatchEvent(new Event('input', { bubbles: true }))
  await flushPromises()
}

test('a packet carries what the rules give, less what is taken away, and more only with a reason', async () => {
  const asked: PacketInput[] = []
  const backend = memoryBackend({
    packetForm: async () => form,
    makePacket: async (input) => {
      asked.push(input)
      return { id: 'e1', number: 'E-1', file_name: 'x.xlsx', password: 'ABCD-EFGH-2345', rows: 1, until: '2026-11-24T02:10:00Z' }
    },
  })
  const { by, tap } = await show(PacketPage, { at: '/packets/new/p1', pattern: '/packets/new/:problem', backend, app: station })
  expect(by('packet-until').textContent).toContain('60')
  await tap('packet-go')
  expect(asked).toEqual([])
  await write(by('packet-who'), '中心小学 陈老师')
  await write(by('packet-words'), '请劝孩子回校')
  await tap('answer:packet-field:child.school_class')
  await tap('answer:packet-more:child.id_no')
  await tap('packet-go')
  expect(asked).toEqual([])
  await write(by('packet-reason'), '学籍要核对')
  await tap('packet-go')
  expect(asked).toEqual([
    { request: null, problem: 'p1', referral: 'r1', purpose: 'school', who: '中心小学 陈老师', words: '请劝孩子回校', fields: ['child.name', 'child.id_no'], reason: '学籍要核对', until: '2027-01-23' },
  ])
  expect(by('packet-password').textContent).toBe('ABCD-EFGH-2345')
})

test('what is out says what is late, and of a matter told by its number nothing more', async () => {
  const packet: PacketRow = {
    packet: 'k1', number: 'E-20261102-00001-1', to: '', purpose: '', made: '2026-11-02', receipt_by: '2026-11-09', until: '2026-12-01', state: 'no_receipt', late: true, received: null, ended: null, end: null, fields: [],
  }
  const rows = [{ problem: 'p1', title: '个案 2026-3F2A91C0', village: '芦汀村', packet }]
  const backend = memoryBackend({ packets: async () => ({ rows, late: 1, receipt_days: 7 }) })
  const { by } = await show(PacketsPage, { backend, app: station })
  expect(by('packet-state:no_receipt').textContent).toContain('没有回执')
  expect(by('packets').textContent).not.toContain('给，')
})

test('a second person is asked about the receiver and the columns, and once more where others were chosen', async () => {
  const asked: ExportInput[] = []
  let code = 'export_needs_second'
  const backend = memoryBackend({
    packetForm: async () => form,
    makePacket: async () => {
      throw { code, params: {} }
    },
    requestExport: async (input) => {
      asked.push(input)
      return { made: [], requests: [], is_current: true }
    },
  })
  const { by, tap } = await show(PacketPage, { at: '/packets/new/p1', pattern: '/packets/new/:problem', backend, app: station })
  await write(by('packet-who'), '中心小学 陈老师')
  await write(by('packet-words'), '请劝孩子回校')
  await tap('packet-go')
  await tap('second-ask')
  expect(asked.at(-1)?.fields).toEqual(['r1', 'child.name', 'child.school_class'])
  code = 'packet_not_as_agreed'
  await tap('answer:packet-field:child.school_class')
  await tap('packet-go')
  expect(document.body.textContent).toContain('和第二个人同意的不一样')
  await tap('second-ask')
  expect(asked.at(-1)?.fields).toEqual(['r1', 'child.name'])
})

test('what a second person agreed to is chosen again where the packet is made', async () => {
  window.history.replaceState({ words: '', fields: ['r1', 'child.name', 'child.id_no'] }, '')
  const asked: PacketInput[] = []
  const backend = memoryBackend({
    packetForm: async () => form,
    makePacket: async (input) => {
      asked.push(input)
      return { id: 'e1', number: 'E-1', file_name: 'x.xlsx', password: 'ABCD-EFGH-2345', rows: 1, until: '2026-11-24T02:10:00Z' }
    },
  })
  const { by, tap } = await show(PacketPage, { at: '/packets/new/p1?request=q1&purpose=protect', pattern: '/packets/new/:problem', backend, app: station })
  await write(by('packet-who'), '中心小学 陈老师')
  await write(by('packet-words'), '请劝孩子回校')
  await write(by('packet-reason'), '学籍要核对')
  await tap('packet-go')
  expect(asked[0]).toMatchObject({ request: 'q1', referral: 'r1', purpose: 'protect', fields: ['child.name', 'child.id_no'] })
  window.history.replaceState(null, '')
})

import { expect, test } from 'vitest'
import type { ImportPreviewView } from '@/backend'
import { memoryBackend } from '@/backend/memory'
import { show } from '@/testing/mount'
import ImportPreview from './ImportPreview.vue'
import ImportsPage from './ImportsPage.vue'
import { writable } from './outcomes'

const preview: ImportPreviewView = {
  import: 'i1',
  ledger: 'L1',
  ledger_name: '农村留守儿童台账',
  sheet: 'Sheet1',
  new: 1,
  changed: 1,
  same: 0,
  conflict: 1,
  rejected: 1,
  columns: [{ heading: '姓  名', field: '姓名' }],
  unknown_columns: ['鞋码'],
  rows: [
    { row: 3, name: '石小雨', outcome: 'new', notes: [], changes: [], household: null },
    { row: 4, name: '龙志远', outcome: 'changed', notes: [], changes: ['家庭住址：二组 → 三组'], household: null },
    { row: 5, name: '向俊杰', outcome: 'conflict', notes: ['站里也改过家庭住址'], changes: [], household: '与 石小雨 同一户' },
    { row: 6, name: '', outcome: 'rejected', notes: ['没有姓名'], changes: [], household: null },
  ],
}

const shown = (view = preview, heard: string[] = []) =>
  show(ImportPreview, {
    props: {
      preview: view,
      village: '芦汀村',
      fileName: '名册.xlsx',
      busy: false,
      onConfirmed: () => heard.push('confirmed'),
      onCancelled: () => heard.push('cancelled'),
    },
  })

test('every row stands with its outcome and its reasons', async () => {
  const { wrapper, by } = await shown()
  expect(by('import-sentence').textContent).toContain('一共 4 行：新建 1 人，改动 1 人，没有变化 0 人，两边都改过 1 人，不能导入 1 行')
  expect(by('row-4').textContent).toContain('家庭住址：二组 → 三组')
  expect(by('row-5').textContent).toContain('与 石小雨 同一户')
  expect(by('row-6').textContent).toContain('没有姓名')
  expect(wrapper.findAll('tbody tr')).toHaveLength(4)
})

test('a filter shows only its rows', async () => {
  const { wrapper, by, tap } = await shown()
  await tap('import-filter-rejected')
  expect(wrapper.findAll('tbody tr')).toHaveLength(1)
  expect(by('row-6')).toBeTruthy()
  expect(by('import-filter-rejected').getAttribute('aria-pressed')).toBe('true')
})

test('columns not understood are named', async () => {
  const { by } = await shown()
  expect(by('import-columns').textContent).toContain('姓  名 → 姓名')
  expect(by('import-unknown').textContent).toContain('鞋码')
})

test('confirming names how many are written', async () => {
  const heard: string[] = []
  const { by, tap } = await shown(preview, heard)
  expect(by('import-confirm').textContent).toContain(`确认导入 ${writable(preview)} 人`)
  await tap('import-confirm')
  expect(heard).toEqual(['confirmed'])
})

test('a ledger with nothing to write cannot be confirmed', async () => {
  const { by } = await shown({ ...preview, new: 0, changed: 0, conflict: 0 })
  expect((by('import-confirm') as HTMLButtonElement).disabled).toBe(true)
})

test('an import that goes on by itself after the lock is shown where it is', async () => {
  const asked: string[] = []
  const backend = memoryBackend({
    villages: () => Promise.resolve({ rows: [] }),
    importStatus: ({ id }) => {
      asked.push(id)
      return Promise.resolve({ import: 'i1', state: 'running', done: 12, total: 60, has_result: false })
    },
  })
  const { by } = await show(ImportsPage, { backend })
  expect(asked).toEqual([''])
  expect(by('import-running').textContent).toContain('12')
})

test('without one the page begins with choosing a file', async () => {
  const backend = memoryBackend({
    villages: () => Promise.resolve({ rows: [] }),
    importStatus: () => Promise.resolve({ import: '', state: 'none', done: 0, total: 0, has_result: false }),
  })
  const { by } = await show(ImportsPage, { backend })
  expect(by('import-create-village')).toBeTruthy()
})

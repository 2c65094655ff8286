import { expect, test } from 'vitest'
import type { AuditCountsView } from '@/backend'
import { demoBackend, readyTablet } from '@/testing/demo'
import { show } from '@/testing/mount'
import TrailsPage from './TrailsPage.vue'

const view: AuditCountsView = {
  month: '2026-11',
  stations: [
    {
      station: 's1',
      name: '芦汀镇',
      reviewed: true,
      people: [{ staff: 'p1', name: '陈敏', acts: [{ action: 'view_child', purpose: null, count: 12, rows: 0 }, { action: 'export_made', purpose: '上报区里的花名册', count: 2, rows: 40 }] }],
    },
    { station: 's2', name: '青溪镇', reviewed: false, people: [] },
  ],
}

test('a month of the stations is numbers by person, and says which station did not look it through', async () => {
  const asked: string[] = []
  const backend = demoBackend({
    auditCounts: async ({ month }) => {
      asked.push(month)
      return view
    },
  })
  const { by } = await show(TrailsPage, { backend, app: { ...readyTablet, shell: 'district' } })
  expect(asked).toEqual([readyTablet.today.slice(0, 7)])
  const ours = by('trail-s1').textContent
  for (const words of ['陈敏', '看孩子档案', '12 次', '上报区里的花名册', '40 行', '这个月站里看过了']) expect(ours).toContain(words)
  expect(by('trail-s2').textContent).toContain('还没有人看过')
})

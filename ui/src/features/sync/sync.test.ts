import { expect, test } from 'vitest'
import type { SyncView } from '@/backend'
import { demoBackend, readyTablet } from '@/testing/demo'
import { show } from '@/testing/mount'
import SyncPage from './SyncPage.vue'
import SyncStrip from './SyncStrip.vue'

async function restored(hold: boolean, more: Partial<SyncView> = {}) {
  const calm = await demoBackend().syncStatus()
  const recovery = { hold, since: '2026-11-24T01:00:00Z', returned: 12, unexplained: 3 }
  const view: SyncView = { ...calm, online: true, problem: null, unsent: [], recovery, ...more }
  return demoBackend({ syncStatus: () => Promise.resolve(view) })
}

test('a tablet says that the server gathers and that work goes on', async () => {
  const backend = await restored(true)
  const page = await show(SyncPage, { backend })
  expect(page.by('sync-recovery').textContent).toContain('请先照常记')
  expect(page.by('sync-recovery').textContent).not.toContain('12')
  const strip = await show(SyncStrip, { backend })
  expect(strip.by('sync-strip').textContent).toContain('请先照常记')
})

test('the station sees how much came back and what is still out', async () => {
  const { by } = await show(SyncPage, { backend: await restored(false), app: { ...readyTablet, shell: 'station' } })
  expect(by('sync-recovery').textContent).toContain('已收回 12 份')
  expect(by('sync-recovery').textContent).toContain('还有 3 份')
})

test('records erased before they were sent are told of', async () => {
  const { by } = await show(SyncPage, { backend: await restored(false, { recovery: null, erased_unsent: 2 }) })
  expect(by('sync-erased').textContent).toContain('2 份')
})

test('what could not be read here is told of, and that nothing is lost', async () => {
  const { by } = await show(SyncPage, { backend: await restored(false, { recovery: null, set_aside: 3 }) })
  expect(by('sync-set-aside').textContent).toContain('3 处改动')
  expect(by('sync-set-aside').textContent).toContain('没有丢')
})

function arriving(done: number, total: number) {
  return restored(false, { recovery: null, phase: 'receiving', done, total })
}

test('the strip counts what arrives', async () => {
  const { by } = await show(SyncStrip, { backend: await arriving(4800, 12000) })
  expect(by('sync-strip').textContent).toContain('正在接收 4800/12000')
})

test('before the server has said how much it is, the strip counts nothing', async () => {
  const { by } = await show(SyncStrip, { backend: await arriving(0, 0) })
  expect(by('sync-strip').textContent).toContain('正在接收')
  expect(by('sync-strip').textContent).not.toContain('0/0')
})

test('a device that is nearly full says so before anything fails, and that words still fit', async () => {
  const backend = await restored(false, { recovery: null, low_on_space: true })
  const tablet = await show(SyncStrip, { backend })
  expect(tablet.by('low-on-space').textContent).toContain('文字照样能存')
  tablet.wrapper.unmount()
  const station = await show(SyncStrip, { backend, app: { ...readyTablet, shell: 'station' } })
  expect(station.by('low-on-space').textContent).toContain('电脑')
})

import { expect, test } from 'vitest'
import type { DeviceRow, RevokeInput } from '@/backend'
import { memoryBackend } from '@/backend/memory'
import { show } from '@/testing/mount'
import DevicesPage from './DevicesPage.vue'

function device(more: Partial<DeviceRow> = {}): DeviceRow {
  return {
    device: 'd1',
    mark: '5B2E9D10',
    person: '李玉梅',
    role: '儿童主任',
    unit: '芦汀村',
    village: 'v1',
    enrolled: '2026-11-01T02:00:00Z',
    seen: '2026-11-21T02:00:00Z',
    this: false,
    refusals: [],
    stopped: null,
    stopped_why: '',
    unsent: 2,
    drafts: 1,
    photos: 0,
    to_review: 0,
    wipe: null,
    ...more,
  }
}

async function page(...devices: DeviceRow[]) {
  const asked: RevokeInput[] = []
  const view = { devices, villages: [], reasons: [{ code: 'lost', label: '丢了' }, { code: 'broken', label: '坏了' }] }
  const backend = memoryBackend({
    devices: async () => view,
    revokeDevice: async (input) => {
      asked.push(input)
      return { ...view, devices: [device({ stopped: '2026-11-24T02:00:00Z', stopped_why: '丢了' })] }
    },
  })
  return { ...(await show(DevicesPage, { backend })), asked }
}

test('a lost tablet is wiped unless somebody says otherwise, and its last word is shown first', async () => {
  const { by, tap, asked } = await page(device())
  await tap('device-lost')
  expect(by('stop-held').textContent).toContain('2 条没送到、1 份没写完')
  await tap('stop-save')
  expect(asked).toEqual([{ device: 'd1', reason: 'lost', wipe: true, without_photos: false }])
  expect(by('stopped-device').textContent).toContain('丢了')
})

test('without a reason nothing is stopped, and a broken one is not wiped by itself', async () => {
  const { tap, asked } = await page(device())
  await tap('device-stop')
  await tap('stop-save')
  expect(asked).toEqual([])
  expect(document.querySelector('[role="dialog"]')?.textContent).toContain('请选一个原因')
  await tap('answer:stop-reason:broken')
  await tap('stop-save')
  expect(asked).toEqual([{ device: 'd1', reason: 'broken', wipe: false, without_photos: false }])
})

test('the receipt says what was not delivered, and what was handed over is one tap away', async () => {
  const wipe = { ordered: '2026-11-24T02:00:00Z', receipt: '2026-11-24T03:00:00Z', changes: 0, drafts: 1, photos: 3, trail: 2, without_photos: false }
  const { by, tap, router } = await page(device({ stopped: '2026-11-24T02:00:00Z', wipe, to_review: 4 }))
  expect(by('wipe-receipt').textContent).toContain('照片 3 张没有送到')
  expect(by('wipe-receipt').textContent).toContain('谁看过什么的记录有 2 条没有交上来')
  await tap('stopped-review')
  expect(router.currentRoute.value.path).toBe('/moves')
})

test('a wipe that waits for photos says how many, and somebody may say that it need not', async () => {
  const wipe = { ordered: '2026-11-24T02:00:00Z', receipt: null, changes: 0, drafts: 0, photos: 0, trail: 0, without_photos: false }
  const { by, tap, asked } = await page(device({ stopped: '2026-11-24T02:00:00Z', wipe, photos: 5 }))
  expect(by('stopped-photos').textContent).toContain('照片还有 5 张没交上来')
  await tap('stopped-without-photos')
  expect(document.querySelector('[role="dialog"]')?.textContent).toContain('这些照片再也找不回来')
  expect(asked).toEqual([])
  await tap('without-photos-yes')
  expect(asked).toEqual([{ device: 'd1', reason: 'lost', wipe: true, without_photos: true }])
})

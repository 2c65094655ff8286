import { expect, test } from 'vitest'
import { readyTablet } from '@/testing/demo'
import { show } from '@/testing/mount'
import StationShell from './StationShell.vue'
import TabletShell from './TabletShell.vue'

const moved = { ...readyTablet, moved_aside: '/data/moved-aside/20261125T200000Z' }

test('a person whose data file was moved aside is told so, and what to do', async () => {
  const { by } = await show(TabletShell, { app: moved })
  expect(by('moved-aside').textContent).toContain('请不要重装')
})

test('the station is told in the same words', async () => {
  const { by } = await show(StationShell, { app: { ...moved, shell: 'station' } })
  expect(by('moved-aside').textContent).toContain('请不要重装')
})

test('nobody is told otherwise', async () => {
  await show(TabletShell, { app: readyTablet })
  expect(document.querySelector('[data-test="moved-aside"]')).toBeNull()
})

import { expect, test } from 'vitest'
import { readyTablet } from '@/testing/demo'
import { show } from '@/testing/mount'
import TabletShell from './TabletShell.vue'

test('a person whose data file was moved aside is told so, and what to do', async () => {
  const app = { ...readyTablet, moved_aside: '/data/moved-aside/20261125T200000Z' }
  const { by } = await show(TabletShell, { app })
  expect(by('moved-aside').textContent).toContain('请不要重装')
})

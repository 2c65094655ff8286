import { expect, test } from 'vitest'
import type { ChildRow } from '@/backend'
import { byHamlet } from './hamlets'

test('hamlets stand in counting order, named ones after, unknown ones last', () => {
  const rows = ['三组', null, '十二组', '河东', '二组', '11组', '十组', '一组'].map((group) => ({ group }) as ChildRow)
  expect(byHamlet(rows).map((hamlet) => hamlet.name)).toEqual(['一组', '二组', '三组', '十组', '11组', '十二组', '河东', ''])
})

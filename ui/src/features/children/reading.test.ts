import { expect, test } from 'vitest'
import type { RevealFieldInput } from '@/backend'
import { demoBackend } from '@/testing/demo'
import { show } from '@/testing/mount'
import VisitReading from './VisitReading.vue'

test('a telephone in a saved visit is masked until somebody looks', async () => {
  const read = await demoBackend({}).visitRead({ child: 'c1', record: 'r1' })
  const answers = [{ key: 'r1/c_f_phone', label: '父亲电话', text: '100****0017', filled: null, reveal: 'tap' }]
  const asked: RevealFieldInput[] = []
  const backend = demoBackend({
    visitRead: async () => ({ ...read, sections: [{ title: '监护', answers }] }),
    revealField: async (input) => {
      asked.push(input)
      return { text: '10000000017', seconds: 30 }
    },
  })
  const { by, tap } = await show(VisitReading, { backend, props: { child: 'c1', record: 'r1' } })
  expect(by('visit-reading').textContent).toContain('100****0017')
  expect(by('visit-reading').textContent).not.toContain('10000000017')
  await tap('look:r1/c_f_phone')
  expect(asked).toEqual([{ child: 'c1', holder: 'answer', key: 'r1/c_f_phone' }])
  expect(by('visit-reading').textContent).toContain('10000000017')
  await tap('hide:r1/c_f_phone')
  expect(by('visit-reading').textContent).not.toContain('10000000017')
})

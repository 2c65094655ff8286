import { expect, test } from 'vitest'
import type { ConflictListView, RevealFieldInput, SettleInput } from '@/backend'
import { memoryBackend } from '@/backend/memory'
import { show } from '@/testing/mount'
import ConflictsPage from './ConflictsPage.vue'

const list: ConflictListView = {
  open: [
    {
      conflict: 'k1',
      child: 'c1',
      name: '石小雨',
      field: '照料人电话',
      values: [
        { value: 'a', text: '13800002071', reveal: null, by: '李玉梅', unit: '芦汀村', at: '2026-11-22T02:00:00Z', mine: false },
        { value: 'b', text: '', reveal: null, by: '麻建军', unit: '芦汀镇工作站', at: '2026-11-23T02:00:00Z', mine: true },
      ],
    },
  ],
}

function settling(answer: () => Promise<ConflictListView>) {
  const chosen: SettleInput[] = []
  const backend = memoryBackend({
    conflicts: async () => list,
    settleConflict: (input) => {
      chosen.push(input)
      return answer()
    },
  })
  return { chosen, backend }
}

test('both values stand with who, where and a button of their own', async () => {
  const { backend } = settling(async () => ({ open: [] }))
  const { wrapper } = await show(ConflictsPage, { backend })
  const values = wrapper.findAll('[data-test="conflict-value"]').map((value) => value.text())
  expect(values[0]).toContain('李玉梅 · 芦汀村')
  expect(values[0]).toContain('用这个：13800002071')
  expect(values[1]).toContain('用这个：（清空了）')
  expect(values[1]).toContain('您写的')
})

test('two numbers that have nothing in common stay masked until somebody looks at one', async () => {
  const asked: RevealFieldInput[] = []
  const values = [
    { value: 'a', text: '310199********0018', reveal: 'step_up', by: '李玉梅', unit: '芦汀村', at: '2026-11-22T02:00:00Z', mine: false },
    { value: 'b', text: '310199********007X', reveal: 'step_up', by: '麻建军', unit: '芦汀镇工作站', at: '2026-11-23T02:00:00Z', mine: true },
  ]
  const backend = memoryBackend({
    conflicts: async () => ({ open: [{ conflict: 'd1/id_no', child: 'c1', name: '石小雨', field: '证件号码', values }] }),
    revealField: async (input) => {
      asked.push(input)
      return { text: '310199201603150018', seconds: 30 }
    },
  })
  const { wrapper, tap } = await show(ConflictsPage, { backend })
  const words = () => wrapper.findAll('[data-test="conflict-value"]').map((value) => value.text())
  expect(words().join()).not.toContain('310199201603150018')
  await tap('conflict-look')
  expect(asked).toEqual([{ child: 'c1', holder: 'conflict', key: 'd1/id_no/a' }])
  expect(words()[0]).toContain('310199201603150018')
  expect(words()[1]).toContain('310199********007X')
  await tap('conflict-hide')
  expect(words().join()).not.toContain('310199201603150018')
})

test('one tap settles it and the page says with what', async () => {
  const { chosen, backend } = settling(async () => ({ open: [] }))
  const { wrapper, by, tap } = await show(ConflictsPage, { backend })
  await tap('conflict-choose')
  expect(chosen).toEqual([{ conflict: 'k1', value: 'a' }])
  expect(by('conflict-settled').textContent).toContain('用“13800002071”')
  expect(wrapper.find('[data-test="conflict"]').exists()).toBe(false)
  expect(by('conflicts-empty')).toBeTruthy()
})

test('when somebody else was faster the page says so and nothing is claimed', async () => {
  const { backend } = settling(() => Promise.reject({ code: 'conflict_gone', params: {} }))
  const { wrapper, tap } = await show(ConflictsPage, { backend })
  await tap('conflict-choose')
  expect(wrapper.find('[data-test="problem-conflict_gone"]').exists()).toBe(true)
  expect(wrapper.find('[data-test="conflict-settled"]').exists()).toBe(false)
})

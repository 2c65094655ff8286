import { flushPromises } from '@vue/test-utils'
import { expect, test } from 'vitest'
import type { ErasureFormView, ErasureRequestView, ErasuresView } from '@/backend'
import { memoryBackend } from '@/backend/memory'
import { show } from '@/testing/mount'
import ErasePage from './ErasePage.vue'
import ErasePartPage from './ErasePartPage.vue'
import ErasuresPage from './ErasuresPage.vue'

const request: ErasureRequestView = {
  id: 'r1', name: '吴天宇', village: '东滩村', documents: 3, basis: '建错了，不该有这份档案', words: '重复建档', by: '周敏', at: '2026-11-02T02:00:00Z',
  until: '2026-11-16T02:00:00Z', state: 'asked', decided_by: null, decided_at: null, receipts: 0, missing: [], may_decide: true, part: null, keeps_now: false, member: null,
}
const page: ErasuresView = {
  is_current: true, requests: [request], holds: [], left: [], may_hold: true, bases: [],
  due: [{ child: 'c1', name: '石小雨', village: '东滩村', ended_on: '2021-05-06', review_on: '2026-05-06', held: false, asked: false }],
}

test('a head sees who asked and why, agrees, and then who has not erased it yet', async () => {
  const asked: string[] = []
  const backend = memoryBackend({
    erasures: async () => page,
    decideErasure: async ({ id, approve }) => {
      asked.push(`${id} ${approve}`)
      return { ...page, requests: [{ ...request, name: null, words: '', state: 'ordered', decided_by: '陈站长', receipts: 1, missing: [{ who: '东滩村 李玉梅', documents: 3 }], may_decide: false }] }
    },
  })
  const { by, tap } = await show(ErasuresPage, { backend })
  for (const words of ['吴天宇', '周敏', '重复建档']) expect(by('erasure-request').textContent).toContain(words)
  await tap('erasure-approve')
  expect(asked).toEqual(['r1 true'])
  expect(by('erasure-receipts').textContent).toContain('2 台设备里，1 台')
  expect(by('erasure-missing').textContent).toContain('东滩村 李玉梅（还差 3 份）')
  expect(by('erasure-request').textContent).not.toContain('吴天宇')
})

test('a file that must be kept is said so with a reason', async () => {
  const said: string[] = []
  const backend = memoryBackend({
    erasures: async () => page,
    setHold: async ({ child, hold, words }) => {
      said.push(`${child} ${hold} ${words}`)
      return { ...page, due: [{ ...page.due[0]!, held: true }], holds: [{ child: 'c1', name: '石小雨', words, by: '陈站长', at: '2026-11-02T02:00:00Z' }] }
    },
  })
  const { by, tap } = await show(ErasuresPage, { backend })
  expect(by('retention-row').textContent).toContain('石小雨')
  await tap('hold')
  const words = by('hold-words')
  const area = words.matches('textarea') ? words : words.querySelector('textarea')
  Object.assign(area!, { value: '检察院要用' })
  area!.dispatchEvent(new Event('input', { bubbles: true }))
  await flushPromises()
  await tap('hold-send')
  expect(said).toEqual(['c1 true 检察院要用'])
  expect(by('hold-row').textContent).toContain('检察院要用')
})

test('who asks sees what goes, and gives a ground and a sentence', async () => {
  const form: ErasureFormView = {
    child: 'c1', name: '石小雨', village: '东滩村', items: [], bases: [{ code: 'mistake', label: '建错了' }], may_hold: true,
    parts: { records: 4, problems: 1, problems_staying: 1, sealed: 0, household: true },
  }
  const backend = memoryBackend({ erasureForm: async () => form })
  const { by, tap } = await show(ErasePage, { backend })
  expect(by('erase-parts').textContent).toContain('4 条走访和联系记录')
  await tap('erase-send')
  expect(document.body.textContent).toContain('请选一个根据')
  expect(document.body.textContent).toContain('请写一句说明')
  await tap('erase-hold')
  expect(document.body.textContent).toContain('暂缓删除：石小雨')
})

const row = { item: 'h1/members/m1/', label: '家里人第1行', is_field: false, may_go: true }
const other = { item: 'h2/m9', household: '周子涵', child: 'c9' }
const partForm: ErasureFormView = {
  child: 'c1', name: '石小雨', village: '东滩村', bases: [{ code: 'family', label: '家里要求' }], may_hold: false,
  items: [{ ...row, member: { also: [other], months: 'searched' } }, { ...row, item: 'w1', label: '一行', member: null }],
  parts: { records: 0, problems: 0, problems_staying: 0, sealed: 0, household: true },
}

test('a member offers her rows in other households, none is taken along unasked, and the page says where it did not look', async () => {
  const asked: string[][] = []
  const backend = memoryBackend({
    erasureForm: async () => partForm,
    requestPartErasure: async ({ also }) => {
      asked.push(also)
      return page
    },
  })
  const { by, tap } = await show(ErasePartPage, { backend })
  const choose = async (item: string) => {
    const found = by('part-words')
    const select = found.matches('select') ? found : found.querySelector('select')
    Object.assign(select!, { value: item })
    select!.dispatchEvent(new Event('change', { bubbles: true }))
    await flushPromises()
  }
  await choose('w1')
  expect(document.querySelector('[data-test="not-looked-through"]')).toBeNull()
  await choose(row.item)
  expect(by('part-also').textContent).toContain('也在 周子涵 户里')
  expect(by('not-looked-through').textContent).toContain('工作记录里的名字不找')
  expect(document.querySelector('[data-test="look-work"]'), 'nothing leads away from what is being filled in').toBeNull()
  await tap('answer:part-basis:family')
  const words = by('part-why')
  const area = words.matches('textarea') ? words : words.querySelector('textarea')
  Object.assign(area!, { value: '家里要求' })
  area!.dispatchEvent(new Event('input', { bubbles: true }))
  await flushPromises()
  await tap('answer:part-also:h2/m9')
  expect(by('not-looked-through').textContent).toContain('也一起换掉')
  await tap('part-send')
  expect(asked).toEqual([['h2/m9']])
})

test('whoever decides reads in which other households she goes and where nobody looked', async () => {
  const backend = memoryBackend({
    erasures: async () => ({ ...page, requests: [{ ...request, part: '家里人第1行', member: { also: [other], months: 'namesake' } }] }),
  })
  const { by } = await show(ErasuresPage, { backend })
  expect(by('erasure-also').textContent).toContain('也在 周子涵 户里')
  expect(by('not-looked-through').textContent).toContain('没有找，请自己看一看')
})

test('how many documents go stands there for whoever is told', async () => {
  for (const [documents, told] of [[3, true], [0, false]] as const) {
    const backend = memoryBackend({ erasures: async () => ({ ...page, requests: [{ ...request, documents }] }) })
    const { by, wrapper } = await show(ErasuresPage, { backend })
    expect(by('erasure-request').textContent?.includes('份文件')).toBe(told)
    wrapper.unmount()
  }
})

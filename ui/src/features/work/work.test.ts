import { expect, test } from 'vitest'
import type { TakeWorkInput, WorkFormInput, WorkFormView, WorkInput } from '@/backend'
import { demoBackend, TODAY } from '@/testing/demo'
import { show } from '@/testing/mount'
import SignListPage from './SignListPage.vue'
import WorkPage from './WorkPage.vue'

const column = { kind: 'text', options: [], need: false, masked: false }
const form: WorkFormView = {
  block: 'help',
  one: '一次关爱帮扶',
  columns: [
    { ...column, key: 'kind', label: '哪一种', kind: 'one', options: [{ code: 'goods', label: '物资' }], need: true },
    { ...column, key: 'text', label: '做了什么、给了什么', kind: 'words', need: true },
    { ...column, key: 'on', label: '哪天', kind: 'date', need: true },
  ],
  must_name: true,
  signs: false,
  children: ['石小雨', '周子涵', '吴天宇'].map((name, index) => ({ child: `c${index + 1}`, name, village: '青石村', chosen: index === 1 })),
  day: 'on',
  values: {},
  photos: false,
  attachments: [],
}

async function page(more: Partial<WorkFormView> = {}, path = '/work/help') {
  const asked: WorkFormInput[] = []
  const written: WorkInput[] = []
  const taken: TakeWorkInput[] = []
  const backend = demoBackend({
    workForm: async (input) => {
      asked.push(input)
      return { ...form, ...more }
    },
    recordWork: async (input) => {
      written.push(input)
      return { record: 'w1' }
    },
    takeWorkAway: async (input) => {
      taken.push(input)
      return { record: input.record }
    },
  })
  return { asked, written, taken, ...(await show(WorkPage, { backend, at: path, pattern: '/work/:block/:record?' })) }
}

function type(id: string, words: string): void {
  const field = document.querySelector<HTMLTextAreaElement>(id)
  if (!field) throw new Error(`${id} is not there`)
  field.value = words
  field.dispatchEvent(new Event('input'))
}

test('help is written for the children that are ticked, for today unless another day is chosen', async () => {
  const { tap, written, asked } = await page()
  expect(asked).toEqual([{ block: 'help', record: null }])
  await tap('answer:work-child:c1')
  await tap('answer:row-kind:goods')
  type('#row-text', '书包')
  await tap('work-save')
  expect(written).toEqual([{ block: 'help', record: null, children: ['c2', 'c1'], values: { on: [TODAY], kind: ['goods'], text: ['书包'] } }])
})

test('a name is looked for where there are many children, and a chosen one stays in sight', async () => {
  const many = Array.from({ length: 20 }, (_, index) => ({ child: `c${index}`, name: `孩子${index}`, village: '青石村', chosen: index === 3 }))
  const { by } = await page({ children: many })
  expect(by('answer:work-child:c3').textContent).toContain('孩子3')
  expect(document.querySelector('[data-test="answer:work-child:c7"]')).toBeNull()
})

test('what was written is taken away with a reason', async () => {
  const { tap, taken } = await page({ values: { kind: ['goods'], on: ['2026-11-02'], text: ['书包'] } }, '/work/help/w1')
  await tap('work-take')
  type('#work-reason', '记重了')
  await tap('work-take-save')
  expect(taken).toEqual([{ block: 'help', record: 'w1', reason: '记重了' }])
})

test('the list to sign names who takes part and leaves room for a hand', async () => {
  const backend = demoBackend({
    signList: async () => ({ title: '防溺水课', lines: [{ key: 'on', label: '哪天', text: '2026-11-05', reveal: null, flag: null }], names: ['石小雨', '周子涵'], attachments: [] }),
  })
  const { by } = await show(SignListPage, { backend, at: '/work/sign/w1', pattern: '/work/sign/:record' })
  expect(by('sign-table').textContent).toContain('周子涵')
  expect(by('sign-table').closest('main, body')?.textContent).toContain('2026年11月5日')
})

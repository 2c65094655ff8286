import { expect, test } from 'vitest'
import type { InboxRow } from '@/backend'
import { demoBackend } from '@/testing/demo'
import { show } from '@/testing/mount'
import RecordReader from './RecordReader.vue'

const row: InboxRow = {
  record: 'r1',
  kind: 'visit',
  child: 'c1',
  name: '石小雨',
  village: '青石村',
  date: '2026-11-20',
  arrived: '2026-11-21T02:00:00Z',
  by: '李玉梅',
  text: '见到孩子。',
  counts: true,
  entered_late: false,
  open: 2,
  asked: false,
  state: 'delivered',
}

test('the reader says which questions are open, who filled in what, and asks for the rest', async () => {
  const demo = demoBackend({})
  const view = await demo.childFile({ id: 'c1' })
  const read = await demo.visitRead({ child: 'c1', record: 'r1' })
  const sections = [{ title: '情绪', answers: [{ key: 'r1/f_sleep', label: '睡眠', text: '好', filled: '11月21日 李玉梅', reveal: null }] }]
  let words: string[] = []
  const asked: unknown[] = []
  const backend = demoBackend({
    childFile: async () => ({ ...view, timeline: view.timeline.map((line) => ({ ...line, open: 2, asked: words })) }),
    visitRead: async () => ({ ...read, sections, open: ['情绪', '出勤'] }),
    askFill: async (input) => {
      asked.push(input)
      words = [`11月24日 张敏 请补充：${input.text}`]
      return view
    },
  })
  const { by, tap } = await show(RecordReader, { backend, props: { row } })
  expect(by('reader-which').textContent).toContain('还有 2 题没答：情绪、出勤')
  expect(by('inbox-record').textContent).toContain('11月21日 李玉梅 补上')
  await tap('ask-fill')
  const field = by('ask-words').querySelector('textarea')
  if (!field) throw new Error('no field')
  field.value = '情绪没写。'
  field.dispatchEvent(new Event('input'))
  await tap('ask-send')
  expect(asked).toEqual([{ child: 'c1', record: 'r1', text: '情绪没写。' }])
  expect(by('reader-asked').textContent).toContain('请补充：情绪没写。')
})

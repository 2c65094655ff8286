import { expect, test } from 'vitest'
import type { DecideStatusInput, FileStatusView, ProposalView, ProposeStatusInput } from '@/backend'
import { childFile, demoBackend, readyTablet, TODAY } from '@/testing/demo'
import { show } from '@/testing/mount'
import ChildFile from './ChildFile.vue'

const proposal: ProposalView = {
  proposal: 'p1',
  step: 'end',
  reason: '迁出',
  on: '2026-11-20',
  into: null,
  text: '搬去外省，村里开了证明。',
  by: '李玉梅',
  at: '2026-11-21T02:00:00Z',
  mine: false,
  another: false,
  answer: null,
  answer_text: '',
  answered_by: '',
}

async function file(status: Partial<FileStatusView>) {
  const proposed: ProposeStatusInput[] = []
  const decided: DecideStatusInput[] = []
  const view = () => ({ ...childFile(), status: { ...childFile().status, ...status } })
  const backend = demoBackend({
    childFile: async () => view(),
    proposeStatus: async (input) => {
      proposed.push(input)
      return view()
    },
    decideStatus: async (input) => {
      decided.push(input)
      return view()
    },
  })
  return { proposed, decided, ...(await show(ChildFile, { backend, props: { child: 'c1' } })) }
}

function type(id: string, words: string): void {
  const field = document.querySelector<HTMLTextAreaElement>(id)
  if (!field) throw new Error(`${id} is not there`)
  field.value = words
  field.dispatchEvent(new Event('input'))
}

test('a file is proposed to end with a reason, a day and what it rests on', async () => {
  const { tap, proposed } = await file({})
  await tap('status-step:end')
  await tap('answer:status-reason:moved')
  type('#status-text', '搬去外省。')
  await tap('status-save')
  expect(proposed).toEqual([{ child: 'c1', step: 'end', reason: 'moved', on: TODAY, into: null, text: '搬去外省。' }])
})

test('a death that was no illness is reported first', async () => {
  const { tap, by, router, wrapper } = await file({})
  await tap('status-step:end')
  await tap('answer:status-reason:moved')
  type('#status-text', '医院开了证明。')
  expect(document.querySelector('[data-test="status-ask"]')).toBeNull()
  await tap('answer:status-reason:deceased')
  expect(by('status-ask').textContent).toContain('请先上报')
  await tap('status-report')
  expect(router.currentRoute.value.fullPath).toBe('/report/c1?card=hurt&kind=ABUSE')
  wrapper.unmount()

  // Somebody else who opens the file finds nothing; she does, once.
  const text = () => document.querySelector<HTMLTextAreaElement>('#status-text')?.value
  const other = await show(ChildFile, { props: { child: 'c1' }, app: { ...readyTablet, person: '王桂香' } })
  await other.tap('status-step:end')
  expect(text()).toBe('')
  other.wrapper.unmount()
  const again = await file({})
  await again.tap('status-step:end')
  expect(text()).toBe('医院开了证明。')
  expect(again.by('answer:status-reason:deceased').className).toContain('chosen')
  again.wrapper.unmount()
  const third = await file({})
  await third.tap('status-step:end')
  expect(text()).toBe('')
})

test('what was said of one answer is gone with the next, and stands beside what was tapped', async () => {
  const backend = demoBackend({
    childFile: async () => childFile(),
    proposeStatus: () => Promise.reject({ code: 'child_not_seen_since', params: {} }),
  })
  const { tap, by } = await show(ChildFile, { backend, props: { child: 'c1' } })
  await tap('status-step:end')
  await tap('status-save')
  expect(by('problem-child_not_seen_since').closest('footer')).not.toBeNull()
  await tap('answer:status-reason:moved')
  expect(document.querySelector('[data-test="problem-child_not_seen_since"]')).toBeNull()
})

test('the station agrees or sends back with words, and nobody else is offered it', async () => {
  const { tap, by, decided } = await file({ waiting: [proposal], decides: true })
  expect(by('proposal:end').textContent).toContain('搬去外省，村里开了证明。')
  await tap('status-confirm')
  await tap('status-return')
  type('#status-words', '证明上没有日期')
  await tap('status-return-save')
  expect(decided).toEqual([
    { child: 'c1', proposal: 'p1', answer: 'confirmed', text: '' },
    { child: 'c1', proposal: 'p1', answer: 'sent_back', text: '证明上没有日期' },
  ])
})

test('whoever proposed it takes it back, and reads that nothing changes until then', async () => {
  const { tap, by, decided } = await file({ waiting: [{ ...proposal, mine: true }] })
  expect(document.querySelector('[data-test="status-confirm"]')).toBeNull()
  expect(by('proposal:end').textContent).toContain('照常联系、走访')
  await tap('status-withdraw')
  expect(decided[0]?.answer).toBe('withdrawn')
})

test('a file that was ended or merged says so, and where it went', async () => {
  const { by } = await file({ state: 'told', into: { child: 'c9', name: '石小雨' }, steps: [] })
  expect(by('status-told').textContent).toContain('石小雨')
  expect(by('status-leading').getAttribute('href')).toContain('/children/c9')
  const ended = await file({ state: 'ended', on: '2026-11-20', reason: '迁出', steps: ['reopen'] })
  expect(ended.by('status-step:reopen').textContent).toContain('重新打开')
})

test('who proposed a merge leaves it to a colleague, and can still take it back', async () => {
  const { by } = await file({ decides: true, waiting: [{ ...proposal, step: 'merge', mine: true, another: true }] })
  expect(by('status-another').textContent).toContain('另一位同事')
  expect(document.querySelector('[data-test="status-confirm"]')).toBeNull()
  expect(document.querySelector('[data-test="status-return"]')).toBeNull()
  expect(by('status-withdraw')).toBeTruthy()
})

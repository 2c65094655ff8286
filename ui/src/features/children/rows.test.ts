import { expect, test } from 'vitest'
import type { FileRowInput, KeepTierInput, LowerTierInput, MissInput, TakeRowInput } from '@/backend'
import { childFile, demoBackend } from '@/testing/demo'
import { show } from '@/testing/mount'
import ChildFile from './ChildFile.vue'

async function file() {
  const written: FileRowInput[] = []
  const taken: TakeRowInput[] = []
  const noted: MissInput[] = []
  const lowered: LowerTierInput[] = []
  const backend = demoBackend({
    writeRow: async (input) => {
      written.push(input)
      return childFile()
    },
    takeRowAway: async (input) => {
      taken.push(input)
      return childFile()
    },
    noteMiss: async (input) => {
      noted.push(input)
      return childFile()
    },
    lowerTier: async (input) => {
      lowered.push(input)
      return childFile()
    },
  })
  return { written, taken, noted, lowered, ...(await show(ChildFile, { backend, props: { child: 'c1' } })) }
}

test('a month says in shape and word how it went', async () => {
  const { by } = await file()
  expect(by('month:2026-10-01').textContent).toContain('联系 2次')
  expect(by('month:2026-10-01').textContent).toContain('走访 没有')
  expect(by('month:2026-11-01').textContent).toContain('走访 暂停')
})

test('a row put right sends what is seen, and leaves a masked number alone', async () => {
  const { tap, written } = await file()
  await tap('edit-row:pause')
  await tap('row-save')
  expect(written).toEqual([{ child: 'c1', block: 'pause', replaces: 'p1', values: { reason: ['HOSPITAL'], from: ['2026-11-20'], place: [] } }])
})

test('a new row begins empty', async () => {
  const { tap, written } = await file()
  await tap('add-row:pause')
  await tap('answer:row-reason:TEMP_AWAY')
  await tap('row-save')
  expect(written[0]).toEqual({ child: 'c1', block: 'pause', replaces: null, values: { reason: ['TEMP_AWAY'], from: [], phone: [], place: [] } })
})

test('a row is voided with a reason, and a lower tier agreed with one', async () => {
  const { tap, taken, lowered } = await file()
  const type = (words: string) => {
    const note = document.querySelector<HTMLTextAreaElement>('#reason-note')
    if (!note) throw new Error('nobody is asked why')
    note.value = words
    const written = new Event('input')
    // As `tap` does: written after the dialog was drawn.
    Object.defineProperty(written, '_vts', { value: Number.MAX_SAFE_INTEGER })
    note.dispatchEvent(written)
  }
  await tap('take-row:pause')
  type('记错了')
  await tap('reason-save')
  expect(taken).toEqual([{ child: 'c1', block: 'pause', row: 'p1', reason: '记错了' }])
  await tap('lower')
  type('母亲已经康复')
  await tap('reason-save')
  expect(lowered).toEqual([{ child: 'c1', reason: '母亲已经康复' }])
})

test('a visit thought the visits should be more, and the station leaves them as they are with a reason', async () => {
  const kept: KeepTierInput[] = []
  const suggested = { ...childFile(), tier: { ...childFile().tier!, suggested: '建议多走访：奶奶住院了', kept: ['2026年5月2日 沈岚：照料稳定'] } }
  const backend = demoBackend({
    childFile: async () => suggested,
    keepTier: async (input) => {
      kept.push(input)
      return childFile()
    },
  })
  const { tap, by, wrapper } = await show(ChildFile, { backend, props: { child: 'c1' } })
  expect(by('tier-suggested').textContent).toContain('奶奶住院了')
  expect(wrapper.text()).toContain('照料稳定')
  await tap('keep')
  const note = document.querySelector<HTMLTextAreaElement>('#reason-note')!
  note.value = '奶奶下周出院'
  const written = new Event('input')
  Object.defineProperty(written, '_vts', { value: Number.MAX_SAFE_INTEGER })
  note.dispatchEvent(written)
  await tap('reason-save')
  expect(kept).toEqual([{ child: 'c1', reason: '奶奶下周出院', suggested: '建议多走访：奶奶住院了' }])
  expect(wrapper.find('[data-test="tier-suggested"]').exists()).toBe(false)
})

test('what is still to ask opens its field, and no number says how complete the file is', async () => {
  const { by, tap } = await file()
  expect(by('to-ask').textContent).not.toMatch(/\d+ ?%/)
  await tap('ask:phone_child')
  expect(by('field-value')).toBeTruthy()
})

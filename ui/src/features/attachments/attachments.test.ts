import { flushPromises } from '@vue/test-utils'
import { expect, test, vi } from 'vitest'
import type { AddAttachmentInput, AttachmentView, OpenAttachmentInput } from '@/backend'
import { useToast } from '@/shared/useToast'
import { demoBackend, PICTURE } from '@/testing/demo'
import { show } from '@/testing/mount'
import AttachmentList from './AttachmentList.vue'
import DraftAttachments from './DraftAttachments.vue'
import { sizeWords, strokePath } from './attachments'

const photo: AttachmentView = { id: 'p1', document: 'h1', record: 'r1', kind: 'photo', size: 210_000, has_thumb: true, state: 'saved', signer: null }

function choose(input: HTMLElement, file: File): void {
  Object.defineProperty(input, 'files', { value: [file], configurable: true })
  input.dispatchEvent(new Event('change'))
}

test('a chosen photo goes to the core as it is, and can be taken off and put back', async () => {
  const added: AddAttachmentInput[] = []
  const village = demoBackend()
  const backend = demoBackend({
    addAttachment: (input) => {
      added.push(input)
      return village.addAttachment(input)
    },
    draftAttachments: village.draftAttachments,
    removeAttachment: village.removeAttachment,
    restoreAttachment: village.restoreAttachment,
  })
  const { wrapper, by, tap } = await show(DraftAttachments, { props: { draft: 'd1' }, backend })
  expect(wrapper.text()).toContain('都可以不加')
  choose(by('photo-file'), new File([new Uint8Array([1, 2, 3])], 'a.jpg', { type: 'image/jpeg' }))
  await vi.waitFor(() => expect(wrapper.findAll('[data-test^="attachment:"]')).toHaveLength(1))
  expect(added).toEqual([{ draft: 'd1', kind: 'photo', bytes: 'AQID' }])
  await tap('remove:a1')
  expect(wrapper.findAll('[data-test^="attachment:"]')).toHaveLength(0)
  expect(useToast().message.value).toBe('照片去掉了')
  await useToast().takeBack()
  await flushPromises()
  expect(wrapper.findAll('[data-test^="attachment:"]')).toHaveLength(1)
})

test('what the core will not take is said, and nothing else is lost', async () => {
  const backend = demoBackend({ addAttachment: () => Promise.reject({ code: 'picture_unreadable', params: {} }) })
  const { wrapper, by } = await show(DraftAttachments, { props: { draft: 'd1' }, backend })
  choose(by('photo-file'), new File(['?'], 'a.txt'))
  await vi.waitFor(() => expect(wrapper.text()).toContain('这张图片打不开'))
})

test('what is added to a form that was saved unheard goes to the one that follows it, or is said not to be kept', async () => {
  const added: string[] = []
  const village = demoBackend()
  const addAttachment = (input: AddAttachmentInput) => {
    added.push(input.draft)
    return input.draft === 'd1' ? Promise.reject({ code: 'draft_gone', params: {} }) : village.addAttachment(input)
  }
  const backend = demoBackend({ addAttachment })
  const renewed = await show(DraftAttachments, { props: { draft: 'd1', renew: async () => 'd2' }, backend })
  choose(renewed.by('photo-file'), new File(['1'], 'a.jpg'))
  await vi.waitFor(() => expect(renewed.wrapper.findAll('[data-test^="attachment:"]')).toHaveLength(1))
  expect(added).toEqual(['d1', 'd2'])
  expect(document.querySelector('[data-test="attachment-late"]')).toBeNull()
  renewed.wrapper.unmount()

  const left = await show(DraftAttachments, { props: { draft: 'd1' }, backend })
  choose(left.by('photo-file'), new File(['1'], 'a.jpg'))
  await vi.waitFor(() => expect(left.by('attachment-late').textContent).toContain('没有加进去'))
})

test('only the small picture is fetched until somebody opens it, then with progress until it is there', async () => {
  const asked: OpenAttachmentInput[] = []
  let steps = 0
  const backend = demoBackend({
    openAttachment: async (input) => {
      asked.push(input)
      if (!input.thumb && steps++ < 2) return { done: steps * 50_000, total: 210_000, media_type: '', data: null }
      return { done: 210_000, total: 210_000, media_type: 'image/jpeg', data: PICTURE }
    },
  })
  const { by, tap } = await show(AttachmentList, { props: { rows: [photo] }, backend })
  expect(asked.map((one) => one.thumb)).toEqual([true])
  expect(by('attachment:p1').textContent).toContain('等待上传')
  await tap('attachment:p1')
  await flushPromises()
  expect(asked.map((one) => one.thumb)).toEqual([true, false, false, false])
  expect(by('attachment-photo').getAttribute('src')).toBe(`data:image/jpeg;base64,${PICTURE}`)
  expect(by('attachment-photo').parentElement?.textContent, 'whatever is photographed off the screen says what it is for').toContain('仅用于儿童关爱工作')
})

test('one that is still on its tablet says so', async () => {
  const backend = demoBackend({ openAttachment: () => Promise.reject({ code: 'attachment_not_yet', params: {} }) })
  const { tap } = await show(AttachmentList, { props: { rows: [photo] }, backend })
  await tap('attachment:p1')
  await flushPromises()
  expect(document.body.textContent).toContain('送到以后就能看')
})

test('strokes and sizes are drawn as a person reads them', () => {
  expect(strokePath([1, 2, 3, 4])).toBe('M1 2L3 4')
  expect(strokePath([1, 2])).toBe('M1 2l0.1 0')
  expect([sizeWords(300), sizeWords(210_000), sizeWords(1_234_567)]).toEqual(['1 KB', '210 KB', '1.2 MB'])
})

test('a signature says whose it is, and nobody is through before that', async () => {
  const added: AddAttachmentInput[] = []
  const village = demoBackend()
  const backend = demoBackend({
    addAttachment: (input) => {
      added.push(input)
      return village.addAttachment(input)
    },
    draftAttachments: village.draftAttachments,
  })
  const { wrapper, by, tap } = await show(DraftAttachments, { props: { draft: 'd1' }, backend })
  await tap('add-signature')
  const field = by('sign-field')
  field.dispatchEvent(new MouseEvent('pointerdown', { clientX: 3, clientY: 3 }))
  await flushPromises()
  expect(by('sign-done').hasAttribute('disabled')).toBe(true)
  await tap('answer:signer:caregiver')
  await tap('sign-done')
  await vi.waitFor(() => expect(added).toHaveLength(1))
  expect(added[0]?.signer).toBe('caregiver')
  await vi.waitFor(() => expect(wrapper.findComponent(DraftAttachments).emitted('signed')).toHaveLength(1))
})

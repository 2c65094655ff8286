import { flushPromises } from '@vue/test-utils'
import { expect, test } from 'vitest'
import type { ContactInput, KeepSheetInput } from '@/backend'
import { demoBackend, TODAY } from '@/testing/demo'
import { show } from '@/testing/mount'
import ContactPage from './ContactPage.vue'

const place = { at: '/contact/c1', pattern: '/contact/:child' }

function listening() {
  const saved: ContactInput[] = []
  const village = demoBackend()
  const backend = demoBackend({
    recordContact: async (input) => {
      saved.push(input)
      return village.recordContact(input)
    },
  })
  return { saved, backend }
}

test('when all is well three taps on the page save the contact', async () => {
  const { saved, backend } = listening()
  const { tap, router } = await show(ContactPage, { ...place, backend })
  await tap('answer:mode:phone')
  await tap('answer:party:carer')
  await tap('answer:state:normal')
  expect(saved).toEqual([
    {
      child: 'c1',
      event_date: TODAY,
      mode: 'phone',
      party: ['carer'],
      reached: true,
      child_state: 'normal',
      topics: [],
      parent_contact_ok: null,
      more: { start: null, minutes: null, initiated_by: 'director', next_on: null, next_mode: null },
      note: '',
      record: expect.stringMatching(/^[0-9a-f-]{36}$/),
    },
  ])
  expect(router.currentRoute.value.path).toBe('/saved')
})

test('what was used last time stands first', async () => {
  const { wrapper } = await show(ContactPage, place)
  expect(wrapper.findAll('[data-test^="answer:mode:"]').map((found) => found.text())).toEqual(['视频', '电话', '微信', '村里见面'])
})

test('a gap is said where it is and nothing is saved', async () => {
  const { saved, backend } = listening()
  const { tap, wrapper } = await show(ContactPage, { ...place, backend })
  await tap('answer:mode:phone')
  await tap('answer:state:normal')
  expect(saved).toEqual([])
  expect(wrapper.get('#contact-party').text()).toContain('还没选联系的是谁')
})

test('a change is saved with a sentence', async () => {
  const { saved, backend } = listening()
  const { tap } = await show(ContactPage, { ...place, backend })
  await tap('answer:mode:phone')
  await tap('answer:party:child')
  await tap('answer:state:watch')
  expect(saved).toEqual([])
  await tap('phrase-0')
  await tap('contact-save')
  expect(saved[0]).toMatchObject({ child_state: 'watch', note: '孩子咳嗽' })
})

test('a call nobody answered needs no party', async () => {
  const { saved, backend } = listening()
  const { tap } = await show(ContactPage, { ...place, backend })
  await tap('answer:mode:phone')
  await tap('contact-not-reached')
  expect(saved[0]).toMatchObject({ reached: false, party: [], child_state: null })
})

test('who began it, how long it took and what was agreed are there for whoever wants them', async () => {
  const { saved, backend } = listening()
  const { tap, by } = await show(ContactPage, { ...place, backend })
  await tap('answer:mode:phone')
  await tap('answer:party:child')
  await tap('answer:initiator:child')
  const field = by('contact-minutes')
  const input = field instanceof HTMLInputElement ? field : field.querySelector('input')!
  input.value = '12'
  input.dispatchEvent(new Event('input'))
  await tap('answer:next-mode:video')
  await tap('answer:state:normal')
  expect(saved[0]?.more).toEqual({ start: null, minutes: 12, initiated_by: 'child', next_on: '2026-12-24', next_mode: 'video' })
})

test('a second try of the same goes under the same name, and what was changed since under its own', async () => {
  const tried: ContactInput[] = []
  const village = demoBackend()
  const backend = demoBackend({
    recordContact: async (input) => {
      tried.push(input)
      if (tried.length < 3) throw { code: 'internal', params: {} }
      return village.recordContact(input)
    },
  })
  const { tap, router } = await show(ContactPage, { ...place, backend })
  await tap('answer:mode:phone')
  await tap('answer:party:child')
  await tap('answer:state:watch')
  await tap('phrase-0')
  await tap('contact-save')
  await tap('contact-save')
  await tap('answer:party:carer')
  await tap('contact-save')
  expect(tried.map((one) => one.record === tried[0]?.record)).toEqual([true, true, false])
  expect(router.currentRoute.value.path).toBe('/saved')
})

test('what is typed and left at once is kept of its child', async () => {
  const kept: KeepSheetInput[] = []
  const backend = demoBackend({
    keepSheet: async (input) => {
      kept.push(input)
      return null
    },
  })
  const { tap, by, router } = await show(ContactPage, { ...place, backend })
  await tap('answer:mode:phone')
  await tap('answer:party:carer')
  await tap('answer:state:watch')
  const field = by('contact-note-text').querySelector('textarea')
  if (!field) throw new Error('no field')
  field.value = '奶奶腿疼'
  field.dispatchEvent(new Event('input'))
  await flushPromises()
  await router.push('/today')
  await flushPromises()
  expect(kept.map(({ sheet }) => sheet.of)).toEqual(['c1'])
})

import { flushPromises } from '@vue/test-utils'
import { expect, test } from 'vitest'
import type { AppointInput, CoverInput, PeopleView, PersonRow } from '@/backend'
import { memoryBackend } from '@/backend/memory'
import { show } from '@/testing/mount'
import PeoplePage from './PeoplePage.vue'

function person(more: Partial<PersonRow> = {}): PersonRow {
  return {
    grant: 'g1',
    staff: 's1',
    mark: '9D10C0FE',
    person: '李玉梅',
    role: 'director',
    role_words: '儿童主任',
    village: 'v1',
    unit: '白荷村',
    from: '2026-01-01',
    until: null,
    state: 'in_force',
    end_reason: '',
    approved_by: '沈岚',
    basis: '芦民批〔2026〕7号',
    vetted_on: '2026-01-05',
    vetting: '查询2026-118',
    vetted_by: '何静',
    vetting_due: false,
    ends_soon: false,
    devices: 1,
    this: false,
    ...more,
  }
}

function view(people: PersonRow[]): PeopleView {
  const village = { region: '310199100201', former: [], children: 3, done: 0, overdue: 0, directors: [], tablet_seen: null }
  return {
    today: '2026-11-26',
    people,
    covers: [],
    villages: [
      { ...village, village: 'v1', name: '白荷村' },
      { ...village, village: 'v2', name: '青溪村' },
    ],
    reasons: [{ code: 'left_post', label: '不再担任' }],
  }
}

async function page(people: PersonRow[]) {
  const asked: { appoint: AppointInput[]; cover: CoverInput[] } = { appoint: [], cover: [] }
  const backend = memoryBackend({
    people: async () => view(people),
    appoint: async (input) => {
      asked.appoint.push(input)
      return view(people)
    },
    coverVillage: async (input) => {
      asked.cover.push(input)
      return view(people)
    },
  })
  const shown = await show(PeoplePage, { backend })
  const write = async (name: string, text: string) => {
    const input = shown.by(name) as HTMLInputElement
    input.value = text
    input.dispatchEvent(new Event('input', { bubbles: true }))
    await flushPromises()
  }
  return { asked, shown, write }
}

test('a missing vetting and a near last day are reminders in words', async () => {
  const { shown } = await page([
    person({ vetted_on: null, vetting: '', vetting_due: true }),
    person({ grant: 'g2', staff: 's2', person: '何静', until: '2026-12-01', ends_soon: true }),
  ])
  const text = shown.wrapper.text()
  expect(text).toContain('还没查询')
  expect(text).toContain('快到期')
})

test('nobody is offered to prolong or vet her own appointment', async () => {
  const { shown } = await page([person({ this: true, role: 'supervisor', role_words: '儿童督导员' })])
  expect(shown.wrapper.find('[data-test="person-renew"]').exists()).toBe(false)
  expect(shown.wrapper.find('[data-test="person-vet"]').exists()).toBe(false)
})

test('somebody is appointed only with an approval, and in the place of whoever leaves', async () => {
  const { shown, asked, write } = await page([person()])
  await shown.tap('person-replace')
  await shown.tap('appoint-save')
  expect(asked.appoint).toEqual([])
  await write('appoint-person', '周棠')
  await write('appoint-by', '沈岚')
  await write('appoint-basis', '芦民批〔2026〕9号')
  await shown.tap('appoint-save')
  expect(asked.appoint).toMatchObject([{ role: 'director', village: 'v1', person: '周棠', replaces: 'g1' }])
})

test('where somebody of that name is known, it is said who it is before anything is written down', async () => {
  const asked: AppointInput[] = []
  const known = [person({ staff: 's7', person: '高岚', role: 'supervisor', role_words: '儿童督导员', unit: '芦汀镇' }), person()]
  const backend = memoryBackend({
    people: async () => view(known),
    appoint: async (input) => {
      asked.push(input)
      if (input.same_as === null && !input.another) throw { code: 'namesake_known', params: {} }
      return view(known)
    },
  })
  const shown = await show(PeoplePage, { backend })
  const write = async (name: string, text: string) => {
    const input = shown.by(name) as HTMLInputElement
    input.value = text
    input.dispatchEvent(new Event('input', { bubbles: true }))
    await flushPromises()
  }
  await shown.tap('person-replace')
  await write('appoint-person', '高岚')
  await write('appoint-by', '沈岚')
  await write('appoint-basis', '芦民批〔2026〕9号')
  await shown.tap('appoint-save')
  await flushPromises()
  expect(shown.by('appoint-who').textContent).toContain('是同一个人吗')
  expect(shown.by('appoint-who').textContent).toContain('芦汀镇的儿童督导员')
  // Not answered, nothing more is asked of the server.
  await shown.tap('appoint-save')
  expect(asked).toHaveLength(1)
  await shown.tap('answer:appoint-who:s7')
  await shown.tap('appoint-save')
  await flushPromises()
  expect(asked[1]).toMatchObject({ person: '高岚', same_as: 's7', another: false })
  expect(shown.wrapper.find('[data-test="appoint-save"]').exists()).toBe(false)
})

test('whoever is appointed anew is said to be the same person', async () => {
  const { shown, asked } = await page([person(), person({ grant: 'g2', staff: 's2', person: '何静' })])
  await shown.tap('person-renew')
  const basis = shown.by('appoint-basis') as HTMLInputElement
  basis.value = '芦民批〔2026〕9号'
  basis.dispatchEvent(new Event('input', { bubbles: true }))
  await flushPromises()
  await shown.tap('appoint-save')
  expect(asked.appoint).toMatchObject([{ person: '李玉梅', same_as: 's1', another: false }])
})

import { expect, test } from 'vitest'
import { demoBackend } from '@/testing/demo'
import { show } from '@/testing/mount'
import FamilyPage from './FamilyPage.vue'
import HelpPage from './HelpPage.vue'
import RulesPage from './RulesPage.vue'
import WordsPage from './WordsPage.vue'
import { told, topics, words } from './topics'

const backend = () => demoBackend({})

/** A key whose words are missing would stand on the screen as it is. */
function hasWords(text: string | null): boolean {
  return text !== null && text.trim().length > 0 && !text.includes('help.')
}

test('every question of the help has an answer', async () => {
  const { by } = await show(HelpPage, { backend: backend() })
  for (const topic of topics) expect(hasWords(by(`topic:${topic}`).textContent), topic).toBe(true)
})

test('every word is explained', async () => {
  const { by } = await show(WordsPage, { backend: backend() })
  for (const word of words) expect(hasWords(by(`word:${word}`).textContent), word).toBe(true)
})

test('a family reads who comes and what it may ask, and a child its own page; nobody is named on it', async () => {
  const { by, tap } = await show(FamilyPage, { backend: backend() })
  const grown = by('family-grown').textContent ?? ''
  expect(hasWords(grown)).toBe(true)
  expect(by('family-grown').querySelectorAll('section').length).toBe(told.grown.length + 2)
  expect(by('family-responsible').textContent).toContain('何珊')
  expect(grown).toContain('会给您回话')
  expect(grown).not.toContain('陈小雨')
  await tap('answer:family-reader:child')
  const child = by('family-child').textContent ?? ''
  expect(hasWords(child)).toBe(true)
  expect(child).toContain('不是你的错')
  expect(child).toContain('021-00000000')
})

test('the rules stand as the paper lays them out, with whoever answers for them on top', async () => {
  const { wrapper, by } = await show(RulesPage, { backend: backend() })
  expect(by('rules-responsible').textContent).toContain('何珊')
  expect(by('rules-phone').textContent).toContain('000-0000-0001')
  expect(wrapper.findAll('[data-test="rules-part"]').length).toBe(2)
  expect(wrapper.findAll('th').map((cell) => cell.text())).toEqual(['事', '谁'])
  expect(wrapper.findAll('tbody tr').length).toBe(1)
  expect(wrapper.findAll('li').length).toBe(1)
})

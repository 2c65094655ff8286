import { beforeEach, expect, test } from 'vitest'
import { demoBackend } from '@/testing/demo'
import { show } from '@/testing/mount'
import FirstUse from './FirstUse.vue'

beforeEach(() => window.localStorage.clear())

const card = (screen: string) => show(FirstUse, { backend: demoBackend({}), props: { screen } })

test('a screen says once what it is for', async () => {
  const first = await card('today')
  expect(first.by('first-use:today').textContent).toContain('今天')
  await first.tap('first-use-close')
  expect(document.querySelector('[data-test="first-use:today"]')).toBeNull()
  await card('today')
  expect(document.querySelector('[data-test="first-use:today"]')).toBeNull()
})

test('each screen is known by itself, and one without words has no card', async () => {
  const first = await card('today')
  await first.tap('first-use-close')
  await card('visit')
  expect(document.querySelector('[data-test="first-use:visit"]')).not.toBeNull()
  await card('me')
  expect(document.querySelector('[data-test="first-use:me"]')).toBeNull()
})

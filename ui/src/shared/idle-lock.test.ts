import { mount } from '@vue/test-utils'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { defineComponent, h, shallowRef } from 'vue'
import { createMemoryHistory, createRouter } from 'vue-router'
import type { AppView } from '@/backend'
import { backendKey } from '@/backend'
import { demoBackend, readyTablet } from '@/testing/demo'
import { appStateKey } from './useAppState'
import { useIdleLock } from './useIdleLock'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] })
})
afterEach(() => {
  show(false)
  vi.useRealTimers()
})

function show(hidden: boolean): void {
  Object.defineProperty(document, 'hidden', { value: hidden, configurable: true })
  document.dispatchEvent(new Event('visibilitychange'))
}

async function watched(path: string) {
  let locked = 0
  let said = 0
  const backend = demoBackend({
    app: async () => {
      said += 1
      return app
    },
  })
  const page = { render: () => h('div') }
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: '/today', name: 'today', component: page },
      { path: '/visit/:draft', name: 'visit', component: page },
    ],
  })
  await router.push(path)
  const app: AppView = { ...readyTablet, lock_rules: { idle_minutes: 3, visit_idle_minutes: 15, hidden_seconds: 60 } }
  const Watching = defineComponent({
    setup() {
      useIdleLock(() => {
        locked += 1
      })
      return () => h('div')
    },
  })
  const wrapper = mount(Watching, {
    global: { plugins: [router], provide: { [backendKey as symbol]: backend, [appStateKey as symbol]: { view: shallowRef(app), set: () => undefined } } },
  })
  return { locked: () => locked, said: () => said, wrapper }
}

function pass(seconds: number): void {
  vi.advanceTimersByTime(seconds * 1000)
}

test('three minutes without a touch lock, and a touch begins them anew', async () => {
  const { locked, wrapper } = await watched('/today')
  pass(170)
  window.dispatchEvent(new Event('pointerdown'))
  pass(170)
  expect(locked()).toBe(0)
  pass(15)
  expect(locked()).toBe(1)
  wrapper.unmount()
})

test('a visit that is being talked through has fifteen minutes', async () => {
  const { locked, wrapper } = await watched('/visit/d1')
  pass(14 * 60)
  expect(locked()).toBe(0)
  pass(65)
  expect(locked()).toBe(1)
  wrapper.unmount()
})

test('a dark screen locks after a minute, on a visit too, and looking away for a moment does not', async () => {
  const { locked, wrapper } = await watched('/visit/d1')
  show(true)
  pass(40)
  show(false)
  pass(30)
  expect(locked()).toBe(0)
  show(true)
  pass(65)
  expect(locked()).toBe(1)
  wrapper.unmount()
})

test('a tablet that slept with its timers locks when it wakes', async () => {
  const { locked, wrapper } = await watched('/today')
  show(true)
  vi.setSystemTime(Date.now() + 61_000)
  show(false)
  expect(locked()).toBe(1)
  wrapper.unmount()
})

test('whoever reads and touches is said to be there, once a minute; a page nobody touches says nothing', async () => {
  const { said, wrapper } = await watched('/today')
  pass(100)
  expect(said()).toBe(0)
  for (let second = 0; second < 60; second += 10) {
    window.dispatchEvent(new Event('scroll'))
    pass(10)
  }
  expect(said()).toBe(1)
  pass(10)
  window.dispatchEvent(new Event('pointerdown'))
  expect(said()).toBe(2)
  wrapper.unmount()
})

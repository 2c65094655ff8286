// Mounts a screen the way the app does: words, a router, the in-memory backend.

import { flushPromises, mount } from '@vue/test-utils'
import { h, shallowRef, type Component } from 'vue'
import { createMemoryHistory, createRouter, RouterView } from 'vue-router'
import { backendKey, type AppView } from '@/backend'
import type { MemoryBackend } from '@/backend/memory'
import { appStateKey } from '@/shared/useAppState'
import { i18n } from '@/shell/locale'
import { demoBackend, readyTablet } from './demo'

export interface Screen {
  backend?: MemoryBackend
  /** Address the screen stands at, and the pattern its parameters come from. */
  at?: string
  pattern?: string
  /** Name of the page that stands there. */
  name?: string
  props?: Record<string, unknown>
  app?: AppView
}

export async function show(component: Component, screen: Screen = {}) {
  const { backend = demoBackend(), at = '/', pattern = at, name = 'shown', props = {}, app = readyTablet } = screen
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: pattern, name, component, props: () => props },
      { path: '/:rest(.*)*', component: { render: () => h('div') } },
    ],
  })
  await router.push(at)
  const view = shallowRef(app)
  const wrapper = mount(RouterView, {
    attachTo: document.body,
    global: {
      plugins: [i18n, router],
      provide: {
        [backendKey as symbol]: backend,
        [appStateKey as symbol]: { view, set: (next: AppView) => (view.value = next) },
      },
    },
  })
  await flushPromises()
  /** By `data-test`, wherever on the page it was drawn (a dialog leaves its parent). */
  function by(name: string): HTMLElement {
    const found = document.querySelector<HTMLElement>(`[data-test="${name}"]`)
    if (!found) throw new Error(`nothing on the screen is called ${name}`)
    return found
  }
  async function tap(name: string): Promise<void> {
    const target = by(name)
    const control = target.querySelector<HTMLInputElement>('input[type=radio], input[type=checkbox]') ?? target
    // A person taps after the button was drawn. Vue drops a click that falls into the same millisecond as the drawing
    // when two listeners stand on its way; the mark it compares says "later" here.
    const click = new MouseEvent('click', { bubbles: true, cancelable: true })
    Object.defineProperty(click, '_vts', { value: Number.MAX_SAFE_INTEGER })
    control.dispatchEvent(click)
    await flushPromises()
  }
  return { wrapper, router, by, tap, app: view, backend }
}

// Runs before each test file: after every test a clean device and an empty page.

import { disableAutoUnmount, enableAutoUnmount } from '@vue/test-utils'
import { afterEach } from 'vitest'

// Hooks run last in, first out: screens are taken down before the page is emptied.
afterEach(() => {
  window.localStorage.clear()
  window.sessionStorage.clear()
  document.body.innerHTML = ''
})
disableAutoUnmount()
enableAutoUnmount(afterEach)

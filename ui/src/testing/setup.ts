// Runs before each test file: a clean device.

import { afterEach } from 'vitest'

afterEach(() => {
  window.localStorage.clear()
  window.sessionStorage.clear()
  document.body.innerHTML = ''
})

// The app's real window under a display of its own, driven by WebKitWebDriver.
//
// Three settings are not obvious: TAURI_WEBVIEW_AUTOMATION makes the session start at all; no browserName in the
// capabilities; and no WEBKIT_DISABLE_* variable, or pictures hang. The driver gets its own process group, so that a
// window left behind ends with it.

import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createConnection, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { remote } from 'webdriverio'
import { addChildren, appoint, createVillages, enrolStation, root, screenshots, startWorld, STEP_MS, until, within } from './lib.mjs'

const target = process.env.CARGO_TARGET_DIR ?? `${root}target`

/** A virtual display; Xvfb picks a free number and says which. */
export async function startDisplay(context) {
  const child = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x800x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    detached: true,
  })
  context.after(() => endGroup(child))
  const number = await within(
    STEP_MS,
    'the display',
    new Promise((resolve, reject) => {
      let text = ''
      child.stdio[3].on('data', (chunk) => {
        text += chunk
        if (text.endsWith('\n')) resolve(text.trim())
      })
      child.once('exit', (code) => reject(new Error(`Xvfb ended with ${code}`)))
      child.once('error', reject)
    }),
  )
  return `:${number}`
}

async function endGroup(child) {
  const ended = new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve()
    child.once('exit', resolve)
  })
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It ended by itself.
  }
  await ended
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

function answers(port) {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** A station with a village of two children, and the enrolled folder of its director for the window. */
export async function directorsFolder(context, pin) {
  const world = await startWorld(context)
  const station = await world.host('station', 'station')
  await enrolStation(world, station)
  const villages = await createVillages(station)
  const village = villages['白荷村']
  const children = await addChildren(station, village, [['石小雨', '2016-03-05'], ['周子涵', '2014-11-30', 'LB-1', '1']])
  await appoint(station, village, '李玉梅')
  const code = await station.call('new_enrolment', { role: 'director', village, person: '李玉梅' })
  const { folder } = await world.enrolledFolder('window', 'tablet', code.enrolment, pin)
  return { world, station, children, folder }
}

/** Opens the window on a folder; returns a WebdriverIO browser with a few additions. */
export async function openWindow(context, folder, display) {
  const home = mkdtempSync(join(tmpdir(), 'zoufang-window-'))
  context.after(() => rmSync(home, { recursive: true, force: true }))
  const env = {
    ...process.env,
    DISPLAY: display,
    ZOUFANG_FOLDER: folder,
    HOME: home,
    XDG_DATA_HOME: join(home, 'data'),
    XDG_CACHE_HOME: join(home, 'cache'),
    XDG_CONFIG_HOME: join(home, 'config'),
    NO_AT_BRIDGE: '1',
    GDK_BACKEND: 'x11',
    LANG: 'C.UTF-8',
    TZ: 'Asia/Shanghai',
    TAURI_WEBVIEW_AUTOMATION: 'true',
  }
  for (const name of ['WEBKIT_DISABLE_DMABUF_RENDERER', 'WEBKIT_DISABLE_COMPOSITING_MODE', 'WAYLAND_DISPLAY']) delete env[name]
  const port = await freePort()
  const driver = spawn('WebKitWebDriver', [`--port=${port}`, '--host=127.0.0.1'], { env, stdio: 'ignore', detached: true })
  context.after(() => endGroup(driver))
  await until('the driver answers', () => answers(port))
  const browser = await within(
    2 * STEP_MS,
    'the window',
    remote({
      hostname: '127.0.0.1',
      port,
      logLevel: 'error',
      connectionRetryCount: 0,
      connectionRetryTimeout: 2 * STEP_MS,
      capabilities: {
        'webkitgtk:browserOptions': { binary: `${target}/debug/zoufang`, args: [] },
        'wdio:enforceWebDriverClassic': true,
      },
    }),
  )
  let open = true
  const close = async () => {
    if (!open) return
    open = false
    await browser.deleteSession()
  }
  context.after(close)

  const shown = (selector) =>
    browser.waitUntil(async () => (await browser.$(selector)).isDisplayed(), {
      timeout: STEP_MS,
      interval: 80,
      timeoutMsg: `${selector} is not shown`,
    })
  return {
    browser,
    close,
    shown,
    async tap(selector) {
      await shown(selector)
      await (await browser.$(selector)).click()
    },
    async text(selector) {
      await shown(selector)
      return (await browser.$(selector)).getText()
    },
    /** Goes to a page by its address, as a link inside would. */
    async go(path) {
      await browser.execute((to) => {
        window.location.hash = to
      }, path)
    },
    async typePin(pin) {
      for (const digit of pin) await this.tap(`[data-test="pin-key-${digit}"]`)
    },
    async screenshot(name) {
      mkdirSync(screenshots, { recursive: true })
      await within(STEP_MS, 'a picture', browser.saveScreenshot(`${screenshots}/${name}.png`))
    },
  }
}

// The real window: what a browser cannot show. Commands and events pass Tauri's door and its access list, the content
// security policy holds, and the folder is the one given.
import { createServer } from 'node:http'
import { equal, journey, truthy, until } from '../lib.mjs'
import { directorsFolder, openWindow, startDisplay } from '../window.mjs'

const PIN = '593817'

journey("the window refuses a wrong PIN in words, opens by the right one, and shows the director's list", async (context) => {
  const { folder } = await directorsFolder(context, PIN)
  const window = await openWindow(context, folder, await startDisplay(context))
  await window.shown('[data-test="pin-key-1"]')
  await window.screenshot('window-locked')
  await window.typePin('111213')
  await until('the wrong PIN is told', async () => (await window.text('body')).includes('密码不对。还能试'))
  await window.typePin(PIN)
  await window.shown('[data-test^="today-row"]')
  truthy((await window.text('body')).includes('石小雨'), 'the list names the child')
  await window.screenshot('window-today')
})

journey('the content security policy lets nothing out and makes no code of text', async (context) => {
  const { folder } = await directorsFolder(context, PIN)
  let asked = 0
  const elsewhere = createServer((_, response) => {
    asked += 1
    response.writeHead(200, { 'access-control-allow-origin': '*' }).end('hello')
  })
  await new Promise((resolve) => elsewhere.listen(0, '127.0.0.1', resolve))
  context.after(() => new Promise((resolve) => elsewhere.close(resolve)))
  const address = `http://127.0.0.1:${elsewhere.address().port}/`
  equal(await (await fetch(address)).text(), 'hello', 'there is somebody to answer')

  const window = await openWindow(context, folder, await startDisplay(context))
  await window.shown('[data-test="pin-key-1"]')
  const told = await window.browser.execute(async (url) => {
    const refused = new Promise((resolve) => document.addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective), { once: true }))
    try {
      await fetch(url)
      return 'answered'
    } catch {
      return refused
    }
  }, address)
  equal(told, 'connect-src', 'the policy stops the question')
  equal(asked, 1, 'nothing arrived elsewhere')
  const other = await window.browser.execute(async (url) => {
    const picture = new Promise((resolve) => {
      const image = new Image()
      image.onload = () => resolve('shown')
      image.onerror = () => resolve('stopped')
      image.src = `${url}picture`
    })
    const font = new FontFace('elsewhere', `url(${url}font)`).load().then(
      () => 'loaded',
      () => 'stopped',
    )
    return `${await picture} ${await font}`
  }, address)
  equal(other, 'stopped stopped', 'nor for a picture or a font')
  equal(asked, 1, 'still nothing arrived elsewhere')
  const code = await window.browser.execute(() => {
    try {
      return String(new Function('return 1')())
    } catch (error) {
      return error.name
    }
  })
  equal(code, 'EvalError', 'no text becomes code')
})

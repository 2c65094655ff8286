import './shim'
import './shared/tokens.css'
import './shared/base.css'
import { createApp } from 'vue'
import { asProblem, connect, provideBackend, type AppView, type Backend } from './backend'
import { startLayout } from './shared/useLayout'
import { startTheme } from './shared/useTheme'
import App from './shell/App.vue'
import { i18n } from './shell/locale'
import { makeRouter } from './shell/router'
import StartProblem from './shell/StartProblem.vue'

async function backendOfThisBuild(): Promise<Backend> {
  // Screens without a core, for drawing them; compiled out of every build that ships.
  if (import.meta.env.DEV && new URLSearchParams(window.location.search).has('memory')) {
    const { demoBackend } = await import('./testing/demo')
    return demoBackend()
  }
  return connect()
}

async function start(): Promise<void> {
  startLayout()
  startTheme()
  document.documentElement.lang = i18n.global.locale.value
  const backend = await backendOfThisBuild()
  let first: AppView
  try {
    first = await backend.app()
  } catch (error) {
    createApp(StartProblem, { problem: asProblem(error) })
      .use(i18n)
      .mount('#app')
    return
  }
  const app = createApp(App, { first })
  provideBackend(app, backend)
  app.use(i18n).use(makeRouter(first.shell)).mount('#app')
}

void start()

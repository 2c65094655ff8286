// Hash history, so it works on the loopback server and inside the shell. Each feature brings its routes.

import { createRouter, createWebHashHistory, type Router, type RouteRecordRaw } from 'vue-router'
import type { ShellKind } from '@/backend'

declare module 'vue-router' {
  interface RouteMeta {
    /** Which shell shows the page: one, both of a township, or the district's as well. */
    shell?: ShellKind | 'both' | 'all'
    /** Which of the navigation's entries is lit. */
    place?: string
    /** Which list stands beside the page on a wide tablet. */
    list?: 'today' | 'children'
  }
}

const features = import.meta.glob<RouteRecordRaw[]>('../features/*/routes.ts', { eager: true, import: 'routes' })

const home: Record<ShellKind, string> = { tablet: '/today', station: '/overview', district: '/stations' }

/** The pages a frame shows. */
export function pagesOf(shell: ShellKind): RouteRecordRaw[] {
  return Object.values(features)
    .flat()
    .filter(({ meta }) => meta?.shell === shell || meta?.shell === 'all' || (meta?.shell === 'both' && shell !== 'district'))
}

export function makeRouter(shell: ShellKind): Router {
  return createRouter({
    history: createWebHashHistory(),
    routes: [...pagesOf(shell), { path: '/:rest(.*)*', redirect: home[shell] }],
    scrollBehavior: (to, from, saved) => saved ?? (to.path === from.path ? {} : { top: 0 }),
  })
}

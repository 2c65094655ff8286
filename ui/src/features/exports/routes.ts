import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/exports/child/:child', name: 'export-child', component: () => import('./ExportChildPage.vue'), meta: { shell: 'station', place: 'children' } },
  { path: '/exports/figures', name: 'export-figures', component: () => import('./FiguresPage.vue'), meta: { shell: 'station', place: 'exports' } },
  { path: '/exports', name: 'exports', component: () => import('./ExportsPage.vue'), meta: { shell: 'station', place: 'exports' } },
]

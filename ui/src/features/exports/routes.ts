import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/exports', name: 'exports', component: () => import('./ExportsPage.vue'), meta: { shell: 'station', place: 'exports' } },
]

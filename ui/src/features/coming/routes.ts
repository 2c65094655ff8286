import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/coming', name: 'coming', component: () => import('./ComingPage.vue'), meta: { shell: 'both', place: 'coming' } },
]

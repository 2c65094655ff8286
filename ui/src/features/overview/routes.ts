import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/overview', name: 'overview', component: () => import('./OverviewPage.vue'), meta: { shell: 'station', place: 'overview' } },
]

import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/report/:child', name: 'report', component: () => import('./ReportPage.vue'), meta: { shell: 'both', place: 'problems' } },
]

import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/visit/:draft', name: 'visit', component: () => import('./VisitPage.vue'), meta: { shell: 'both', place: 'today' } },
]

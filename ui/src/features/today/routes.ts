import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/today', name: 'today', component: () => import('./TodayPage.vue'), meta: { shell: 'tablet', place: 'today', list: 'today' } },
]

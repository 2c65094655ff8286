import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/contact/:child', name: 'contact', component: () => import('./ContactPage.vue'), meta: { shell: 'tablet', place: 'today', list: 'today' } },
]

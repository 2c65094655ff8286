import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/contact/:child', name: 'contact', component: () => import('./ContactPage.vue'), meta: { shell: 'both', place: 'today', list: 'today' } },
]

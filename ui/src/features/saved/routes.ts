import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/saved', name: 'saved', component: () => import('./SavedPage.vue'), meta: { shell: 'both', place: 'today', list: 'today' } },
]

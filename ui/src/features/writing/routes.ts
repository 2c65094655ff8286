import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/writing', name: 'writing', component: () => import('./WritingPage.vue'), meta: { shell: 'both' } },
]

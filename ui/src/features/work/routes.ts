import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/work/sign/:record', name: 'sign-list', component: () => import('./SignListPage.vue'), meta: { shell: 'both', place: 'me' } },
  { path: '/work/:block/:record?', name: 'work-record', component: () => import('./WorkPage.vue'), meta: { shell: 'both', place: 'me' } },
]

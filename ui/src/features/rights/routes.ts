import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/rights', name: 'rights', component: () => import('./RightsPage.vue'), meta: { shell: 'station', place: 'overview' } },
  { path: '/rights/:child', name: 'child-rights', component: () => import('./ChildRightsPage.vue'), meta: { shell: 'both', place: 'children' } },
  { path: '/rights/:child/:request/paper', name: 'right-paper', component: () => import('./RightPaperPage.vue'), meta: { shell: 'both', place: 'children' } },
]

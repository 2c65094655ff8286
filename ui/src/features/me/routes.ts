import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/me', name: 'me', component: () => import('./MePage.vue'), meta: { shell: 'both', place: 'me' } },
  { path: '/me/work', name: 'work', component: () => import('./WorkLogPage.vue'), meta: { shell: 'both', place: 'me' } },
  { path: '/me/pin', name: 'pin', component: () => import('./ChangePinPage.vue'), meta: { shell: 'all', place: 'me' } },
  { path: '/me/lock', name: 'new-lock', component: () => import('./NewLockPage.vue'), meta: { shell: 'all', place: 'me' } },
]

import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/help', name: 'help', component: () => import('./HelpPage.vue'), meta: { shell: 'both', place: 'me' } },
  { path: '/help/words', name: 'words', component: () => import('./WordsPage.vue'), meta: { shell: 'both', place: 'me' } },
  { path: '/help/rules', name: 'rules', component: () => import('./RulesPage.vue'), meta: { shell: 'both', place: 'me' } },
  { path: '/help/family', name: 'family', component: () => import('./FamilyPage.vue'), meta: { shell: 'both', place: 'me' } },
]

// What the help speaks of, in the order it is shown. The words are in the locale files.

/** Questions people ask on a tablet. */
export const topics = ['today', 'visit', 'contact', 'nobody', 'report', 'no_network', 'states', 'both', 'lost', 'privacy', 'practice'] as const

/** Words of the field, for somebody new; none that labels a child. */
export const words = [
  'director', 'supervisor', 'station', 'left_behind', 'suspected', 'file', 'visit', 'contact', 'attempt', 'pause', 'tier',
  'delegation', 'problem', 'mandatory', 'referral', 'follow_up', 'unattended',
] as const

/** What a family is told, and what a child is told. */
export const told = {
  grown: ['who', 'what', 'why', 'seen', 'free', 'rights', 'duty'],
  child: ['who', 'ask', 'free', 'kept', 'afraid'],
} as const

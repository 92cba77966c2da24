/* Breadth-first search over packed states, compiled anew for each protocol (protocol.h).

   A state is W words. Each shard owns the states whose hash falls to it, and keeps them in the order of discovery: 8 W
   bytes, and 4 for the parent. Beside them stands an open-addressing table of 8-byte entries (the state's number and 32
   bits of its hash), between 1/2 and 4/5 full: 14 to 19 bytes for each state besides itself. A table that is
   full is built anew from the states, so that the old and the new one are never in memory together.

   A round has two phases. Each shard expands states of the level into batches, one for each owner; then each owner takes
   in what is addressed to it. In neither phase does a shard write what another reads, so they may run in threads, and
   what they find depends on the number of shards alone. With one shard, all is in the order of the interpreted search. */

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t i64;
typedef unsigned __int128 u128;

/* ---- what protocol.h uses */

typedef struct Out Out;
static inline void copy(u64 *to, const u64 *from);
static inline void set(u64 *t, u32 cell, u64 mask, u64 value);
static inline void emit(Out *o, const u64 *s, u64 *t, int action);
static inline void above(Out *o, int action);
static inline void below(Out *o, int action);

#define FIT(name, value, size)                                                                                         \
  const i64 name = (value);                                                                                            \
  if (name < 0) goto below;                                                                                            \
  if (name >= (size)) goto above

#include "protocol.h"

static inline void copy(u64 *to, const u64 *from) {
  for (int i = 0; i < W; i++) to[i] = from[i];
}

static inline int same(const u64 *a, const u64 *b) {
  u64 difference = 0;
  for (int i = 0; i < W; i++) difference |= a[i] ^ b[i];
  return !difference;
}

static inline void set(u64 *t, u32 cell, u64 mask, u64 value) {
  u64 *word = &t[WORD(cell)];
  *word = (*word & ~(mask << SHIFT[cell])) | value << SHIFT[cell];
}

static inline u64 mix(u64 a, u64 b) {
  u128 product = (u128)a * b;
  return (u64)product ^ (u64)(product >> 64);
}

static inline u64 hash(const u64 *s) {
  u64 h = 0x9e3779b97f4a7c15ull;
  for (int i = 0; i < W; i++) h = mix(h ^ s[i], 0xa0761d6478bd642full);
  return mix(h, 0xe7037ed1a0b428dbull);
}

#ifdef CELLS
#include "symmetry.c"
#else
static inline void canonical(u64 *state) {}
#endif

/* ---- shards */

enum { SHARDS = 8, ALONE = 512, TOGETHER = 1 << 14, FAR = 24, NEAR = 8, LINE = 8 };
enum Status { RUNNING, SEEN_ALL, FAULTY, AT_MAX_STATES, AT_MAX_BYTES };
static const u32 NONE = UINT32_MAX;

typedef struct {
  u64 hash, parent, state[W];
} Successor;

typedef struct {
  Successor *all;
  u64 n;
} Batch;

struct Out {
  u32 shards, self;
  u64 parent; /* of what is emitted now */
  int fell;   /* something was written below 0 */
  Batch to[SHARDS];
  u64 fired[ACTIONS + 1], cut[ACTIONS + 1];
  u32 depth;  /* of that */
  u32 below[ACTIONS + 1], below_at[ACTIONS + 1]; /* the first state where it happened, and its depth */
};

typedef struct {
  u64 *states;
  u32 *parents;
  u64 *table;
  u64 n, most, lines;        /* states; how many there may be; lines of the table */
  u64 next, end;             /* the part of the level that is not yet expanded */
  u64 limit;                 /* bytes */
  u32 last;                  /* stop when the successors of this state have been taken in */
  int faulty, full;
  u32 open[PROPERTIES + 1], opens; /* properties that are still tested */
  u32 found[PROPERTIES + 1]; /* the first state that violates an invariant, or is witness */
  u32 found_at[PROPERTIES + 1];
  Out out;
} Shard;

typedef struct {
  u32 shards;
  int every, status;
  u64 max_states, depth, level, budget;
  Shard shard[SHARDS];
  pthread_mutex_t mutex;
  pthread_cond_t arrived;
  u32 crew, waiting, turn; /* threads */
  int over;
} Search;

static inline void emit(Out *o, const u64 *s, u64 *t, int action) {
  o->fired[action]++;
  canonical(t);
  if (same(s, t)) return;
  u64 h = hash(t);
  Batch *batch = &o->to[(h & UINT32_MAX) * o->shards >> 32];
  Successor *next = &batch->all[batch->n++];
  next->hash = h;
  next->parent = o->parent;
  copy(next->state, t);
}

static inline void above(Out *o, int action) { o->cut[action]++; }

static inline void below(Out *o, int action) {
  o->fell = 1;
  if (o->below[action] != NONE) return;
  o->below[action] = o->parent;
  o->below_at[action] = o->depth;
}

static inline u64 *line_of(const Shard *sh, u64 h) { return sh->table + LINE * (u64)((u128)h * sh->lines >> 64); }

static inline u64 *next_line(const Shard *sh, u64 *line) {
  line += LINE;
  return line == sh->table + LINE * sh->lines ? sh->table : line;
}

static inline u64 entry_of(u64 h, u64 number) { return h << 32 | (number + 1); }

/* Give the place of the state, or the empty one where it belongs. */
static inline u64 *find(const Shard *sh, u64 h, const u64 *state) {
  for (u64 *line = line_of(sh, h);; line = next_line(sh, line))
    for (int i = 0; i < LINE; i++) {
      u64 entry = line[i];
      if (!entry) return &line[i];
      if (entry >> 32 == (h & UINT32_MAX) && same(state, sh->states + W * ((entry & UINT32_MAX) - 1))) return &line[i];
    }
}

/* Fetch the state that `find` will have to compare with. */
static inline void fetch_candidate(const Shard *sh, u64 h) {
  const u64 *line = line_of(sh, h);
  for (int i = 0; i < LINE; i++)
    if (line[i] >> 32 == (h & UINT32_MAX)) {
      __builtin_prefetch(sh->states + W * ((line[i] & UINT32_MAX) - 1));
      return;
    }
}

static void *pages(void *at, u64 bytes) {
#ifdef MADV_HUGEPAGE
  u64 begin = ((u64)at + 4095) & ~4095ull, end = ((u64)at + bytes) & ~4095ull;
  if (end > begin + (4 << 20)) madvise((void *)begin, end - begin, MADV_HUGEPAGE);
#endif
  return at;
}

static void fill_table(Shard *sh) {
  for (u64 i = 0; i < sh->n; i++) {
    if (i + FAR < sh->n) __builtin_prefetch(line_of(sh, hash(sh->states + W * (i + FAR))), 1);
    const u64 h = hash(sh->states + W * i);
    u64 *line = line_of(sh, h), *at = line;
    while (*at) at = ++at == line + LINE ? (line = next_line(sh, line)) : at;
    *at = entry_of(h, i);
  }
}

/* Make room for half as many states again, as far as the limit allows, and for the least in any case. */
static int grow(Shard *sh, u64 least) {
  const u64 each = sizeof(u64[W]) + sizeof(u32) + 10; /* a table that is 4/5 full has 10 bytes for each state */
  u64 most = sh->most + sh->most / 2;
  const u64 limit = sh->limit - (sh->limit > sizeof(u64[4][LINE]) ? sizeof(u64[4][LINE]) : 0); /* rounding up */
  if (most > limit / each) most = limit / each;
  if (most < least) most = least;
  if (most > (NONE - 1) / sh->out.shards) most = (NONE - 1) / sh->out.shards;
  if (most <= sh->n + sh->n / 64) return 0;
  u64 *states = realloc(sh->states, most * sizeof(u64[W]));
  if (!states) return 0;
  sh->states = pages(states, most * sizeof(u64[W]));
  u32 *parents = realloc(sh->parents, most * sizeof(u32));
  if (!parents) return 0;
  sh->parents = parents;
  free(sh->table);
  sh->lines = most / LINE * 5 / 4 + 2;
  void *table = NULL;
  if (posix_memalign(&table, 2 << 20, sh->lines * sizeof(u64[LINE]))) table = NULL;
  sh->table = table;
  if (!table) return 0;
  memset(pages(table, sh->lines * sizeof(u64[LINE])), 0, sh->lines * sizeof(u64[LINE]));
  sh->most = most;
  fill_table(sh);
  return 1;
}

/* Test a new state: the first violation of each invariant, the first witness of each kind. */
static void visit(Search *g, Shard *sh, u64 number, const u64 *state, u64 depth) {
  Cells c[1];
  unpack(state, c);
  for (u32 i = 0; i < sh->opens;) {
    const int p = sh->open[i];
    if (HOLDS[p](c) == (p < INVARIANTS)) {
      i++;
      continue;
    }
    sh->open[i] = sh->open[--sh->opens];
    sh->found[p] = number;
    sh->found_at[p] = depth;
    sh->faulty |= p < INVARIANTS;
  }
}

/* Take a state in if it is new; false if there is no room. */
static inline int add(Search *g, Shard *sh, const Successor *x, u64 depth) {
  u64 *at = find(sh, x->hash, x->state);
  if (*at) return 1;
  if (sh->n == sh->most) {
    if (!grow(sh, 0)) return 0;
    at = find(sh, x->hash, x->state);
  }
  *at = entry_of(x->hash, sh->n);
  copy(sh->states + W * sh->n, x->state);
  sh->parents[sh->n] = x->parent;
  visit(g, sh, sh->n++ * g->shards + sh->out.self, x->state, depth);
  if (g->shards == 1 && sh->last == NONE && ((sh->faulty && !g->every) || sh->n >= g->max_states)) sh->last = x->parent;
  return 1;
}

/* ---- a round */

static void expand_some(Search *g, Shard *sh) {
  Out *o = &sh->out;
  const u64 room = g->shards == 1 ? ALONE : TOGETHER;
  o->depth = g->depth;
  for (u32 to = 0; to < g->shards; to++) o->to[to].n = 0;
  for (; sh->next < sh->end; sh->next++) {
    for (u32 to = 0; to < g->shards; to++)
      if (o->to[to].n > room) return;
    o->parent = sh->next * g->shards + o->self;
    expand(sh->states + W * sh->next, o);
    if (!o->fell) continue;
    o->fell = 0;
    if (g->every) continue;
    sh->faulty = 1;
    if (g->shards == 1) {
      sh->last = o->parent;
      sh->next++;
      return;
    }
  }
}

static void take_in(Search *g, Shard *sh) {
  for (u32 from = 0; from < g->shards; from++) {
    const Batch *batch = &g->shard[from].out.to[sh->out.self];
    for (u64 i = 0; i < batch->n; i++) {
      const Successor *x = &batch->all[i];
      if (i + FAR < batch->n) __builtin_prefetch(line_of(sh, x[FAR].hash));
      if (i + NEAR < batch->n) fetch_candidate(sh, x[NEAR].hash);
      if (x->parent > sh->last) return;
      if (!add(g, sh, x, g->depth + 1)) {
        sh->full = 1;
        return;
      }
    }
  }
}

/* With one shard: forget what was expanded after the state at which the search stops. */
static void take_back(Shard *sh) {
  Out *o = &sh->out;
  u64 fired[ACTIONS + 1], cut[ACTIONS + 1];
  memcpy(fired, o->fired, sizeof fired);
  memcpy(cut, o->cut, sizeof cut);
  memset(o->fired, 0, sizeof fired);
  memset(o->cut, 0, sizeof cut);
  for (u64 i = sh->last + 1; i < sh->next; i++) {
    o->to[0].n = 0;
    expand(sh->states + W * i, o);
  }
  for (int a = 0; a < ACTIONS; a++) {
    o->fired[a] = fired[a] - o->fired[a];
    o->cut[a] = cut[a] - o->cut[a];
    if (o->below[a] != NONE && o->below[a] > sh->last) o->below[a] = NONE;
  }
  if (sh->next > sh->last + 1ull) sh->next = sh->last + 1ull;
}

static u64 total(const Search *g) {
  u64 n = 0;
  for (u32 k = 0; k < g->shards; k++) n += g->shard[k].n;
  return n;
}

/* Between two rounds: has the search come to an end, or the level? */
static int round_over(Search *g) {
  int faulty = 0, full = 0, level_over = 1;
  u64 fresh = 0, expanded = 0;
  if (g->shards == 1 && g->shard->last != NONE) take_back(g->shard);
  for (u32 k = 0; k < g->shards; k++) {
    const Shard *sh = &g->shard[k];
    faulty |= sh->faulty;
    full |= sh->full;
    level_over &= sh->next == sh->end;
    fresh += sh->n - sh->end;
    expanded += sh->next;
  }
  g->status = faulty && !g->every                                   ? FAULTY
              : full                                                ? AT_MAX_BYTES
              : total(g) >= g->max_states && expanded               ? AT_MAX_STATES
              : level_over && !fresh                                ? SEEN_ALL
                                                                    : RUNNING;
  if (g->status != RUNNING || level_over) g->depth += fresh > 0;
  if (level_over) {
    g->level = fresh;
    for (u32 k = 0; k < g->shards; k++) g->shard[k].end = g->shard[k].n;
  }
  return g->status != RUNNING || level_over || expanded >= g->budget;
}

static void alone(Search *g) {
  do {
    for (u32 k = 0; k < g->shards; k++) expand_some(g, &g->shard[k]);
    for (u32 k = 0; k < g->shards; k++) take_in(g, &g->shard[k]);
  } while (!round_over(g));
}

/* ---- threads, in step: one for each shard, or fewer if the machine gives no more */

static void meet(Search *g) {
  pthread_mutex_lock(&g->mutex);
  const u32 turn = g->turn;
  if (++g->waiting == g->crew) {
    g->waiting = 0;
    g->turn++;
    pthread_cond_broadcast(&g->arrived);
  }
  while (turn == g->turn) pthread_cond_wait(&g->arrived, &g->mutex);
  pthread_mutex_unlock(&g->mutex);
}

typedef struct {
  Search *search;
  u32 self;
} Worker;

static void *work(void *argument) {
  const Worker *w = argument;
  Search *g = w->search;
  meet(g);
  do {
    for (u32 k = w->self; k < g->shards; k += g->crew) expand_some(g, &g->shard[k]);
    meet(g);
    for (u32 k = w->self; k < g->shards; k += g->crew) take_in(g, &g->shard[k]);
    meet(g);
    if (!w->self) g->over = round_over(g);
    meet(g);
  } while (!g->over);
  return NULL;
}

static void together(Search *g) {
  pthread_t threads[SHARDS];
  Worker workers[SHARDS];
  pthread_mutex_lock(&g->mutex); /* until it is known how many there are */
  for (g->crew = 1; g->crew < g->shards; g->crew++) {
    workers[g->crew] = (Worker){g, g->crew};
    if (pthread_create(&threads[g->crew], NULL, work, &workers[g->crew])) break;
  }
  pthread_mutex_unlock(&g->mutex);
  workers[0] = (Worker){g, 0};
  work(&workers[0]);
  for (u32 k = 1; k < g->crew; k++) pthread_join(threads[k], NULL);
}

/* ---- what Python calls */

void search_free(Search *g) {
  for (u32 k = 0; g && k < g->shards; k++) {
    for (u32 to = 0; to < g->shards; to++) free(g->shard[k].out.to[to].all);
    free(g->shard[k].states);
    free(g->shard[k].parents);
    free(g->shard[k].table);
  }
  free(g);
}

/* Begin; NULL if there is no memory for it. */
Search *search_new(u32 shards, int every, u64 max_states, u64 max_bytes) {
  Search *g = calloc(1, sizeof *g);
  if (!g) return NULL;
  g->shards = shards;
  g->every = every;
  g->max_states = max_states;
  pthread_mutex_init(&g->mutex, NULL);
  pthread_cond_init(&g->arrived, NULL);
  int ready = 1;
  for (u32 k = 0; k < shards; k++) {
    Shard *sh = &g->shard[k];
    sh->limit = max_bytes / shards;
    sh->last = NONE;
    for (int p = 0; p < INVARIANTS + WITNESSES + PREMISES; p++) sh->open[sh->opens++] = p;
    memset(sh->found, 0xff, sizeof sh->found);
    memset(sh->out.below, 0xff, sizeof sh->out.below);
    sh->out.shards = shards;
    sh->out.self = k;
    for (u32 to = 0; to < shards; to++) {
      u64 room = (shards == 1 ? ALONE : TOGETHER) + MOST + 1;
      ready &= !!(sh->out.to[to].all = malloc(room * sizeof(Successor)));
    }
    ready &= grow(sh, 1 << 10);
  }
  if (ready) return g;
  search_free(g);
  return NULL;
}

/* Take in an initial state. */
void search_start(Search *g, u64 *state) {
  Successor x = {.parent = NONE};
  canonical(state);
  copy(x.state, state);
  x.hash = hash(state);
  Shard *sh = &g->shard[(x.hash & UINT32_MAX) * g->shards >> 32];
  if (!add(g, sh, &x, 0)) sh->full = 1;
  sh->end = sh->n;
  g->level = total(g);
}

/* Go on until the level ends, or `states` more states have been expanded. Gives the status. */
int search_advance(Search *g, u64 states) {
  u64 expanded = 0;
  for (u32 k = 0; k < g->shards; k++) {
    Shard *sh = &g->shard[k];
    if (sh->faulty && !g->every && !g->depth && !sh->next) return g->status = FAULTY;
    if (g->shards == 1 && sh->n >= g->max_states && sh->last == NONE) sh->last = 0;
    expanded += sh->next;
  }
  g->budget = expanded + states;
  if (g->shards > 1 && g->level > SHARDS * TOGETHER / 8)
    together(g);
  else
    alone(g);
  return g->status;
}

enum { DISTINCT, EXPANDED, DEPTH, LEVEL, BYTES, TOTALS };

/* Write the totals, then for each action fired, cut and below, then for each property where it was found. */
void search_counts(const Search *g, u64 *out) {
  memset(out, 0, (TOTALS + 2 * ACTIONS) * sizeof *out);
  memset(out + TOTALS + 2 * ACTIONS, 0xff, (ACTIONS + INVARIANTS + WITNESSES + PREMISES) * sizeof *out);
  out[DEPTH] = g->depth;
  out[LEVEL] = g->level;
  u64 *below_of = out + TOTALS + 2 * ACTIONS, *found = below_of + ACTIONS;
  u32 at[PROPERTIES + 1], below_at[ACTIONS + 1];
  memset(at, 0xff, sizeof at);
  memset(below_at, 0xff, sizeof below_at);
  for (u32 k = 0; k < g->shards; k++) {
    const Shard *sh = &g->shard[k];
    out[DISTINCT] += sh->n;
    out[EXPANDED] += sh->next;
    out[BYTES] += sh->n * (sizeof(u64[W]) + sizeof(u32)) + sh->lines * sizeof(u64[LINE]);
    for (int a = 0; a < ACTIONS; a++) {
      out[TOTALS + a] += sh->out.fired[a];
      out[TOTALS + ACTIONS + a] += sh->out.cut[a];
      if (sh->out.below[a] != NONE && sh->out.below_at[a] < below_at[a]) {
        below_of[a] = sh->out.below[a];
        below_at[a] = sh->out.below_at[a];
      }
    }
    for (int p = 0; p < INVARIANTS + WITNESSES + PREMISES; p++)
      if (sh->found[p] != NONE && sh->found_at[p] < at[p]) {
        found[p] = sh->found[p];
        at[p] = sh->found_at[p];
      }
  }
}

/* Write the state, its parent, and so on to an initial state. Gives how many. */
u64 search_path(const Search *g, u64 number, u64 *out) {
  u64 length = 0;
  for (; number != NONE; number = g->shard[number % g->shards].parents[number / g->shards])
    copy(out + W * length++, g->shard[number % g->shards].states + W * (number / g->shards));
  return length;
}

/* Write the successors of a state other than itself, in order; for each action fired, cut and below. Gives how many. */
u64 state_successors(const u64 *s, u64 *out, u64 *tally) {
  Out o = {.shards = 1};
  o.to[0].all = malloc((MOST + 1) * sizeof(Successor));
  if (!o.to[0].all) abort();
  memset(o.below, 0xff, sizeof o.below);
  expand(s, &o);
  for (u64 i = 0; i < o.to[0].n; i++) copy(out + W * i, o.to[0].all[i].state);
  for (int a = 0; a < ACTIONS; a++) {
    tally[a] = o.fired[a];
    tally[ACTIONS + a] = o.cut[a];
    tally[2 * ACTIONS + a] = o.below[a] != NONE;
  }
  free(o.to[0].all);
  return o.to[0].n;
}

/* Put the representative of its class in the place of a state. */
void state_canonical(u64 *s) { canonical(s); }

int state_holds(const u64 *s, int property) {
  Cells c[1];
  unpack(s, c);
  return HOLDS[property](c);
}

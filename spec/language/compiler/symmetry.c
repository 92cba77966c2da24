/* The representative of a state's class, as spec/language/symmetry.py finds it and explains. */

typedef struct {
  u32 code[CELLS]; /* the state, unpacked */
  u32 best[CELLS], tried[CELLS];
  u32 order[ELEMENTS]; /* elements, by colour, then by block */
  u32 block[ELEMENTS]; /* for each place in the order, the first place of its block */
  u32 begin[ELEMENTS + 1]; /* where each class begins in the order */
  u32 classes;
} Canon;

static void colours_of(const u32 *code, u64 *colour) {
  memcpy(colour, COLOUR, sizeof COLOUR);
  for (int round = 0; round < ROUNDS; round++) {
    u64 sum[ELEMENTS] = {0};
    for (int c = 0; c < CELLS; c++) {
      u32 who[WHO + 1], n = 0;
      u64 known = code[c];
      for (; n < WHO && ELEMENT[c][n] >= 0; n++) who[n] = ELEMENT[c][n];
      if (OFFSET[c] >= 0) {
        known = code[c] >= OPTIONAL[c];
        if (known) who[n++] = OFFSET[c] + code[c] - OPTIONAL[c];
      }
      u64 word = mix(SEED[c] ^ known, MULTIPLIER);
      for (u32 k = 0; k < n; k++) {
        u64 again = 0;
        for (u32 j = 0; j < k; j++) again |= who[j] == who[k];
        word = mix(word ^ colour[who[k]] ^ (again ? k : 0), MULTIPLIER);
      }
      for (u32 k = 0; k < n; k++) sum[who[k]] += mix(word ^ k, MULTIPLIER);
    }
    for (int e = 0; e < ELEMENTS; e++) colour[e] = mix(colour[e] ^ sum[e], MULTIPLIER);
  }
}

/* Move cells and rename what they hold; `to` is each element's new number within its sort. */
static void move(const u32 *code, const u32 *to, u32 *moved) {
  for (int c = 0; c < CELLS; c++) {
    u32 at = BASE[c], held = code[c];
    for (int k = 0; k < WHO && ELEMENT[c][k] >= 0; k++) at += to[ELEMENT[c][k]] * STRIDE[c][k];
    if (OFFSET[c] >= 0 && held >= OPTIONAL[c]) held = to[OFFSET[c] + held - OPTIONAL[c]] + OPTIONAL[c];
    moved[at] = held;
  }
}

static int exchange_changes_nothing(Canon *k, u32 a, u32 b) {
  u32 to[ELEMENTS];
  for (u32 e = 0; e < ELEMENTS; e++) to[e] = e - FIRST[e];
  to[a] = b - FIRST[b];
  to[b] = a - FIRST[a];
  move(k->code, to, k->tried);
  return !memcmp(k->code, k->tried, sizeof k->code);
}

/* Order elements by colour, each class of one colour by blocks, each block by number. */
static void put_in_order(Canon *k) {
  u64 colour[ELEMENTS];
  colours_of(k->code, colour);
  for (u32 e = 0; e < ELEMENTS; e++) {
    u32 at = e;
    for (; at > FIRST[e] && colour[k->order[at - 1]] > colour[e]; at--) k->order[at] = k->order[at - 1];
    k->order[at] = e;
  }
  k->classes = 0;
  for (u32 begin = 0, end; begin < ELEMENTS; begin = end) {
    const u32 first = k->order[begin];
    for (end = begin + 1; end < ELEMENTS; end++)
      if (FIRST[k->order[end]] != FIRST[first] || colour[k->order[end]] != colour[first]) break;
    k->begin[k->classes++] = begin;
    k->begin[k->classes] = end;
    for (u32 at = begin; at < end;) { /* a new block begins here; what belongs to it is brought forward */
      const u32 block = at;
      k->block[at++] = block;
      for (u32 other = at; other < end; other++) {
        const u32 e = k->order[other];
        if (!exchange_changes_nothing(k, k->order[block], e)) continue;
        for (u32 j = other; j > at; j--) k->order[j] = k->order[j - 1];
        k->order[at] = e;
        k->block[at++] = block;
      }
    }
  }
}

/* The next arrangement of blocks within a class; back to the first, and false, after the last. */
static int rearrange(u32 *block, u32 n) {
  u32 i = n - 1;
  while (i && block[i - 1] >= block[i]) i--;
  if (i) {
    u32 j = n - 1;
    while (block[j] <= block[i - 1]) j--;
    const u32 kept = block[i - 1];
    block[i - 1] = block[j];
    block[j] = kept;
  }
  for (u32 a = i, b = n - 1; a < b; a++, b--) {
    const u32 kept = block[a];
    block[a] = block[b];
    block[b] = kept;
  }
  return i > 0;
}

static void canonical(u64 *state) {
  Canon k[1];
  for (int c = 0; c < CELLS; c++) k->code[c] = state[WORD(c)] >> SHIFT[c] & MASK[c];
  put_in_order(k);
  int first = 1, more = 1;
  while (more) {
    u32 to[ELEMENTS], taken[ELEMENTS] = {0};
    for (u32 at = 0; at < ELEMENTS; at++) {
      const u32 block = k->block[at], e = k->order[block + taken[block]++];
      to[e] = at - FIRST[e];
    }
    move(k->code, to, k->tried);
    int less = first;
    for (int c = 0; c < CELLS && !less; c++)
      if (k->tried[c] != k->best[c]) {
        if (k->tried[c] > k->best[c]) break;
        less = 1;
      }
    if (less) memcpy(k->best, k->tried, sizeof k->best);
    first = more = 0;
    for (u32 c = 0; c < k->classes && !more; c++) more = rearrange(k->block + k->begin[c], k->begin[c + 1] - k->begin[c]);
  }
  for (int w = 0; w < W; w++) state[w] = 0;
  for (int c = 0; c < CELLS; c++) state[WORD(c)] |= (u64)k->best[c] << SHIFT[c];
}

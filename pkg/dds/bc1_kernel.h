// The BC1 encoder, LANES blocks at once: included by encode_*.c after the operations of one instruction set. bc1.go is the same algorithm
// for one block, in the same order of operations, and says what it is about; the two must agree in every bit. So: no division but the
// exact one, no contraction of a multiplication and an addition, no sum of floats in another order.
//
// V is a vector of 32-bit lanes, one a block. What is called w are four vectors of bytes: a weight 0…3 for each pixel, 3 at the upper end.

enum { TOP5 = 31, TOP6 = 63 };

typedef struct {
	V x[3][4]; // code values: rows of four bytes
	V d[3][8]; // 32 times the code values in 16 bits: of every row the even and the odd pixels
	V s[3];    // sums of the code values
} Block;

typedef struct {
	V w[4];
	V n1, n2; // sums of the weights and of their squares
	V x[3];   // sums of the weighted code values
} Weights;

typedef struct {
	V q[2][3]; // upper and lower end in 5 or 6 bits
	V e[2][3]; // the same as code values
} Ends;

typedef struct {
	Ends ends;
	Weights weights;
	V error;
} Choice;

FN V sum4(V a, V b, V c, V d) { return madd(add16(add16(a, b), add16(c, d)), set16(1)); }

// dot is the sum over the pixels of unsigned times signed bytes.
FN V dot(const V a[4], const V b[4]) { return sum4(maddubs(a[0], b[0]), maddubs(a[1], b[1]), maddubs(a[2], b[2]), maddubs(a[3], b[3])); }

FN V sumBytes(const V a[4]) {
	V one[4] = {set8(1), set8(1), set8(1), set8(1)};
	return dot(one, a);
}

FN V sumWeights(const V w[4]) { return madd(maddubs(add8(add8(w[0], w[1]), add8(w[2], w[3])), set8(1)), set16(1)); }

// loadPlanes takes RGBA pixels apart: in every lane of x[c] are four neighbours' values of channel c. Four lanes that stand together come from the
// four vectors in turn.
FN void loadPlanes(V x[4], const uint8_t *px) {
	V l0 = planar(load(px)), l1 = planar(load(px + sizeof(V))), l2 = planar(load(px + 2 * sizeof(V))), l3 = planar(load(px + 3 * sizeof(V)));
	V t0 = zip32lo(l0, l1), t1 = zip32hi(l0, l1), t2 = zip32lo(l2, l3), t3 = zip32hi(l2, l3);
	x[0] = zip64lo(t0, t2), x[1] = zip64hi(t0, t2), x[2] = zip64lo(t1, t3), x[3] = zip64hi(t1, t3);
}

FN void loadBlock(Block *b, const uint8_t *px, ptrdiff_t stride) {
	for (int y = 0; y < 4; y++) {
		V x[4];
		loadPlanes(x, px + y * stride);
		for (int c = 0; c < 3; c++) b->x[c][y] = x[c];
	}
	V one[4] = {set8(1), set8(1), set8(1), set8(1)};
	for (int c = 0; c < 3; c++) {
		b->s[c] = dot(b->x[c], one);
		for (int y = 0; y < 4; y++) {
			b->d[c][2 * y] = maddubs(b->x[c][y], set16(0x0020));
			b->d[c][2 * y + 1] = maddubs(b->x[c][y], set16(0x2000));
		}
	}
}

// moment is 1024 times the sum of products of two channels' differences from their means, times 16 pixels.
FN V moment(const Block *b, int c, int d) {
	V s[8];
	for (int k = 0; k < 8; k++) s[k] = madd(b->d[c][k], b->d[d][k]);
	V sum = add32(add32(add32(s[0], s[1]), add32(s[2], s[3])), add32(add32(s[4], s[5]), add32(s[6], s[7])));
	return sub32(sum, shl32(madd(b->s[c], b->s[d]), 6));
}

FN void project(V t[8], const Block *b, const V axis[3]) {
	V r = spread16(axis[0]), g = spread16(axis[1]), bl = spread16(axis[2]);
	for (int k = 0; k < 8; k++) t[k] = add16(add16(mulhrs(b->d[0][k], r), mulhrs(b->d[1][k], g)), mulhrs(b->d[2][k], bl));
}

FN V largest(V a, V b) { return max32(sar32(shl32(a, 16), 16), sar32(b, 16)); }
FN V smallest(V a, V b) { return min32(sar32(shl32(a, 16), 16), sar32(b, 16)); }

// toAxis scales a direction so that its largest part is 32767.
FN void toAxis(V axis[3], const F v[3]) {
	F scale = divf(setf(32767), maxf(maxf(absf(v[0]), absf(v[1])), maxf(absf(v[2]), setf(1))));
	for (int c = 0; c < 3; c++) axis[c] = toi(mulf(v[c], scale));
}

// principal gives the pixels' places on the axis of greatest spread, scaled so that each block's reach from -126 to 126, and how much there is of
// that spread in all.
FN V principal(V place[4], const Block *b) {
	V irr = moment(b, 0, 0), igg = moment(b, 1, 1), ibb = moment(b, 2, 2);
	F rr = tof(irr), gg = tof(igg), bb = tof(ibb), rg = tof(moment(b, 0, 1)), rb = tof(moment(b, 0, 2)), gb = tof(moment(b, 1, 2));
	M m = gtf(gg, rr);
	F v0 = pickf(m, rg, rr), v1 = pickf(m, gg, rg), v2 = pickf(m, gb, rb);
	m = gtf(bb, maxf(rr, gg));
	v0 = pickf(m, rb, v0), v1 = pickf(m, gb, v1), v2 = pickf(m, bb, v2);
	F v[3] = {
		addf(addf(mulf(rr, v0), mulf(rg, v1)), mulf(rb, v2)),
		addf(addf(mulf(rg, v0), mulf(gg, v1)), mulf(gb, v2)),
		addf(addf(mulf(rb, v0), mulf(gb, v1)), mulf(bb, v2)),
	};
	V axis[3], t[8];
	toAxis(axis, v);
	project(t, b, axis);
	V lo = t[0], hi = t[0];
	for (int k = 1; k < 8; k++) lo = min16(lo, t[k]), hi = max16(hi, t[k]);
	lo = smallest(lo, lo), hi = largest(hi, hi);
	V range = add32(sub32(hi, lo), set32(1));
	V first = toi(divf(setf(64000), tof(max32(range, set32(2)))));
	V second = spread16(toi(divf(setf(8257536), tof(madd(range, first)))));
	V middle = spread16(sar32(add32(lo, hi), 1));
	first = spread16(first);
	for (int k = 0; k < 4; k++) {
		V even = mulhrs(mullo16(sub16(t[2 * k], middle), first), second), odd = mulhrs(mullo16(sub16(t[2 * k + 1], middle), first), second);
		place[k] = or(and(even, set16(0xff)), shl16(odd, 8));
	}
	return add32(add32(sar32(irr, 2), sar32(igg, 2)), sar32(ibb, 2));
}

// Line is what one cutting of the places into four runs comes to: the slope and offset of places over weights that fit it best.
typedef struct {
	F slope, at; // at: slope times the sum of the weights
	F gain;      // how much of the spread the fit explains
} Line;

FN V variance(const Weights *u) { return sub32(shl32(u->n2, 4), madd(u->n1, u->n1)); } // 16·n2 - n1²

FN void cutAt(Weights *u, const V place[4], V h0, V h1, V h2) {
	for (int k = 0; k < 4; k++) u->w[k] = count8(count8(count8(set8(0), place[k], h0), place[k], h1), place[k], h2);
	u->n1 = sumWeights(u->w);
	u->n2 = dot(u->w, u->w);
}

FN Line fitLine(const Weights *u, const V place[4], V total) {
	F num = tof(sub32(shl32(dot(u->w, place), 4), madd(u->n1, total)));
	Line l;
	l.slope = divf(num, tof(max32(variance(u), set32(1))));
	l.at = mulf(l.slope, tof(u->n1));
	l.gain = mulf(num, l.slope);
	return l;
}

FN V cutOf(F h) { return spread8(sub32(toi(addf(minf(maxf(h, setf(-127)), setf(127)), setf(128))), set32(128))); }

FN void cutBetween(Weights *u, const V place[4], V total, Line l) {
	F zero = mulf(subf(tof(total), l.at), setf(0.0625f));
	cutAt(u, place, cutOf(addf(zero, mulf(l.slope, setf(0.5f)))), cutOf(addf(zero, mulf(l.slope, setf(1.5f)))), cutOf(addf(zero, mulf(l.slope, setf(2.5f)))));
}

FN void cutStart(Weights *u, const V place[4], int s) { cutAt(u, place, set8(xp_starts[s][0]), set8(xp_starts[s][1]), set8(xp_starts[s][2])); }

FN void weighColors(Weights *u, const Block *b) {
	for (int c = 0; c < 3; c++) u->x[c] = dot(b->x[c], u->w);
}

// search takes the best of the first count starts and refines it once.
FN void search(Weights *u, const Block *b, const V place[4], int count) {
	V total = sumBytes(place);
	Line best;
#pragma GCC unroll 8
	for (int s = 0; s < count; s++) {
		cutStart(u, place, s);
		Line l = fitLine(u, place, total);
		if (s == 0) {
			best = l;
			continue;
		}
		M m = gtf(l.gain, best.gain);
		best.slope = pickf(m, l.slope, best.slope), best.at = pickf(m, l.at, best.at), best.gain = maxf(l.gain, best.gain);
	}
	cutBetween(u, place, total, best);
	weighColors(u, b);
}

FN V expand(V q, int top) { return top == TOP6 ? or(shl32(q, 2), shr32(q, 4)) : or(shl32(q, 3), shr32(q, 2)); }

FN V toBits(F v, int top, float round) {
	return toi(addf(mulf(minf(maxf(v, setf(0)), setf(255)), setf((float)top / 255.0f)), setf(round)));
}

FN V lowerSquares(const Weights *u) { return add32(sub32(set32(144), mul32(u->n1, set32(6))), u->n2); } // sum of (3-w)²

// fit gives the ends that suit the weights best. Of each channel's upper end the two neighbours in 5 or 6 bits are tried, or only the nearer, each with
// the lower end that suits it.
FN void fit(Ends *o, const Block *b, const Weights *u, int neighbours) {
	V spread = variance(u);
	F inv = divf(setf(1), tof(max32(spread, set32(1))));
	F n1 = tof(u->n1), low = tof(lowerSquares(u)), perLow = divf(setf(1), maxf(low, setf(1)));
	F ratio = mulf(tof(sub32(mul32(u->n1, set32(3)), u->n2)), perLow);
	F stiff = mulf(mulf(tof(spread), setf(9)), perLow);
	for (int c = 0; c < 3; c++) {
		int top = c == 1 ? TOP6 : TOP5;
		F slope = mulf(tof(sub32(shl32(u->x[c], 4), madd(b->s[c], u->n1))), inv);
		F lower = mulf(subf(tof(b->s[c]), mulf(slope, n1)), setf(0.0625f));
		F upper = addf(lower, mulf(slope, setf(3)));
		V first = toBits(upper, top, neighbours ? 0 : 0.5f);
		F cost = setf(0);
#pragma GCC unroll 2
		for (int k = 0; k <= neighbours; k++) {
			V q0 = k ? min32(add32(first, set32(1)), set32(top)) : first, e0 = expand(q0, top);
			F d0 = subf(tof(e0), upper);
			F want = subf(lower, mulf(ratio, d0));
			V q1 = toBits(want, top, 0.5f), e1 = expand(q1, top);
			F d1 = subf(tof(e1), want);
			F cost1 = addf(mulf(stiff, mulf(d0, d0)), mulf(low, mulf(d1, d1)));
			if (k == 0) {
				o->q[0][c] = q0, o->q[1][c] = q1, o->e[0][c] = e0, o->e[1][c] = e1, cost = cost1;
				continue;
			}
			M m = gtf(cost, cost1);
			o->q[0][c] = pick(m, q0, o->q[0][c]), o->q[1][c] = pick(m, q1, o->q[1][c]);
			o->e[0][c] = pick(m, e0, o->e[0][c]), o->e[1][c] = pick(m, e1, o->e[1][c]);
		}
	}
}

FN V cut16(F h) { return spread16(sub32(toi(h), set32(32768))); }

// assign gives every pixel the nearest of the four colours.
FN void assign(Weights *u, const Block *b, const Ends *o) {
	F v[3], zero = setf(0), length = setf(0);
	V axis[3];
	for (int c = 0; c < 3; c++) v[c] = tof(sub32(o->e[0][c], o->e[1][c]));
	toAxis(axis, v);
	for (int c = 0; c < 3; c++) {
		F a = mulf(tof(axis[c]), setf(1.0f / 32768));
		zero = addf(zero, mulf(tof(o->e[1][c]), a));
		length = addf(length, mulf(v[c], a));
	}
	zero = addf(mulf(zero, setf(32)), setf(32768)); // never negative, so that toi rounds down
	V h0 = cut16(addf(zero, mulf(length, setf(16.0f / 3)))), h1 = cut16(addf(zero, mulf(length, setf(16)))), h2 = cut16(addf(zero, mulf(length, setf(80.0f / 3))));
	V t[8];
	project(t, b, axis);
	for (int k = 0; k < 8; k++) t[k] = count16(count16(count16(set16(0), t[k], h0), t[k], h1), t[k], h2);
	for (int k = 0; k < 4; k++) u->w[k] = or(t[2 * k], shl16(t[2 * k + 1], 8));
}

FN void weigh(Weights *u, const Block *b) {
	u->n1 = sumWeights(u->w);
	u->n2 = dot(u->w, u->w);
	weighColors(u, b);
}

// errorOf is 9 times the sum of squared differences, less a part that is the same for every choice of the same pixels.
FN V errorOf(const Block *b, const Ends *o, const Weights *u) {
	V low = lowerSquares(u), mixed = sub32(mul32(u->n1, set32(6)), shl32(u->n2, 1)), e = set32(0);
	for (int c = 0; c < 3; c++) {
		V x6 = mul32(u->x[c], set32(6)), y6 = sub32(mul32(b->s[c], set32(18)), x6), hi = o->e[0][c], lo = o->e[1][c];
		e = add32(e, mul32(sub32(add32(mul32(hi, u->n2), mul32(lo, mixed)), x6), hi));
		e = add32(e, mul32(sub32(mul32(lo, low), y6), lo));
	}
	return e;
}

FN void complete(Choice *p, const Block *b) {
	assign(&p->weights, b, &p->ends);
	weigh(&p->weights, b);
	p->error = errorOf(b, &p->ends, &p->weights);
}

FN void take(Choice *best, const Choice *p, M m) {
	for (int k = 0; k < 4; k++) best->weights.w[k] = pick(m, p->weights.w[k], best->weights.w[k]);
	best->weights.n1 = pick(m, p->weights.n1, best->weights.n1);
	best->weights.n2 = pick(m, p->weights.n2, best->weights.n2);
	for (int c = 0; c < 3; c++) {
		best->weights.x[c] = pick(m, p->weights.x[c], best->weights.x[c]);
		for (int i = 0; i < 2; i++) {
			best->ends.q[i][c] = pick(m, p->ends.q[i][c], best->ends.q[i][c]);
			best->ends.e[i][c] = pick(m, p->ends.e[i][c], best->ends.e[i][c]);
		}
	}
	best->error = pick(m, p->error, best->error);
}

FN void takeBetter(Choice *best, const Choice *p) { take(best, p, gt32(best->error, p->error)); }

// nearlyFlat offers blocks of little spread the pair of ends whose point at one third is their mean. Blocks of one colour have to take it.
__attribute__((noinline)) static void nearlyFlat(Choice *best, const Block *b, V spread, int limit) {
	Choice p;
	for (int c = 0; c < 3; c++) {
		const uint8_t(*pairs)[2] = c == 1 ? xp_single6 : xp_single5;
		int32_t mean[LANES], q[2][LANES];
		store(mean, sar32(add32(b->s[c], set32(8)), 4));
		for (int i = 0; i < LANES; i++) q[0][i] = pairs[mean[i]][0], q[1][i] = pairs[mean[i]][1];
		for (int i = 0; i < 2; i++) {
			p.ends.q[i][c] = load(q[i]);
			p.ends.e[i][c] = expand(p.ends.q[i][c], c == 1 ? TOP6 : TOP5);
		}
	}
	assign(&p.weights, b, &p.ends);
	M flat = eq32(spread, set32(0));
	for (int k = 0; k < 4; k++) p.weights.w[k] = pick(flat, set8(2), p.weights.w[k]);
	weigh(&p.weights, b);
	p.error = pick(flat, set32(INT32_MIN), errorOf(b, &p.ends, &p.weights));
	best->error = pick(gt32(set32(limit), spread), best->error, set32(INT32_MIN));
	takeBetter(best, &p);
}

FN void writeBlocks(uint8_t *dst, const Choice *p) {
	V c[2], r[4], ones = set32(0x55555555);
	for (int i = 0; i < 2; i++) c[i] = or(or(shl32(p->ends.q[i][0], 11), shl32(p->ends.q[i][1], 5)), p->ends.q[i][2]);
	for (int k = 0; k < 4; k++) r[k] = madd(maddubs(p->weights.w[k], set16(0x0401)), set32(0x00100001));
	V w = or(or(r[0], shl32(r[1], 8)), or(shl32(r[2], 16), shl32(r[3], 24)));
	V h = and(shr32(w, 1), ones), index = or(shl32(xor(h, and(w, ones)), 1), xor(h, ones)); // 3 2 1 0 → 0 2 3 1
	index = pick(gt32(c[1], c[0]), xor(index, ones), index);
	V hi = max32(c[0], c[1]), lo = min32(c[0], c[1]);
	// Equal ends would mean three colours and a transparent one: move the end that no pixel uses.
	M same = eq32(hi, lo);
	index = pick(same, pick(eq32(hi, set32(0)), ones, set32(0)), index);
	hi = max32(hi, pick(same, set32(1), set32(0)));
	lo = pick(same, sub32(hi, set32(1)), lo);
	V ends = or(hi, shl32(lo, 16));
	store(dst, ordered(zip32lo(ends, index)));
	store(dst + sizeof(V), ordered(zip32hi(ends, index)));
}

// Two groups of blocks go side by side, so that one group's arithmetic fills the other's waits.
enum { GROUPS = 2 };
#define EACH for (int g = 0; g < GROUPS; g++)

FN void quick(uint8_t *dst, const uint8_t *px, ptrdiff_t stride, int starts, int neighbours) {
	Block b[GROUPS];
	Choice p[GROUPS];
	V place[GROUPS][4], spread[GROUPS];
	EACH loadBlock(&b[g], px + g * LANES * 16, stride);
	EACH spread[g] = principal(place[g], &b[g]);
	EACH search(&p[g].weights, &b[g], place[g], starts);
	EACH fit(&p[g].ends, &b[g], &p[g].weights, neighbours);
	EACH assign(&p[g].weights, &b[g], &p[g].ends);
	EACH if (any(gt32(set32(XP_NEARLY_FLAT), spread[g]))) {
		// The call gets copies: what has its address taken would be kept in memory all along.
		Block block = b[g];
		Choice choice = p[g];
		weigh(&choice.weights, &block);
		choice.error = errorOf(&block, &choice.ends, &choice.weights);
		nearlyFlat(&choice, &block, spread[g], XP_NEARLY_FLAT);
		p[g] = choice;
	}
	EACH writeBlocks(dst + g * LANES * 8, &p[g]);
}

// refine alternates between ends and weights.
static void refine(Choice *best, Choice *p, const Block *b) {
	for (int i = 0; i < XP_BEST_ROUNDS; i++) {
		fit(&p->ends, b, &p->weights, 1);
		complete(p, b);
		takeBetter(best, p);
	}
}

// wander tries every end of every channel one step up and down.
static void wander(Choice *best, const Block *b) {
	for (int i = 0; i < 2; i++) {
		for (int c = 0; c < 3; c++) {
			for (int step = -1; step <= 1; step += 2) {
				int top = c == 1 ? TOP6 : TOP5;
				Choice p;
				p.ends = best->ends;
				p.ends.q[i][c] = max32(min32(add32(p.ends.q[i][c], set32(step)), set32(top)), set32(0));
				p.ends.e[i][c] = expand(p.ends.q[i][c], top);
				complete(&p, b);
				takeBetter(best, &p);
			}
		}
	}
}

static void thorough(uint8_t *dst, const uint8_t *px, ptrdiff_t stride) {
	Block b;
	Choice best, p;
	V place[4];
	loadBlock(&b, px, stride);
	V spread = principal(place, &b), total = sumBytes(place);
	best.error = set32(INT32_MAX);
	for (int s = 0; s < XP_STARTS; s++) {
		cutStart(&p.weights, place, s);
		for (int i = 0; i < XP_BEST_CUTS; i++) cutBetween(&p.weights, place, total, fitLine(&p.weights, place, total));
		weighColors(&p.weights, &b);
		refine(&best, &p, &b);
	}
	for (int i = 0; i < XP_BEST_WALKS; i++) wander(&best, &b);
	if (any(gt32(set32(XP_BEST_NEARLY_FLAT), spread))) nearlyFlat(&best, &b, spread, XP_BEST_NEARLY_FLAT);
	writeBlocks(dst, &best);
}

// A function to each quality, so that the compiler weighs the registers of each by itself.
#define ALONE __attribute__((noinline)) static

ALONE void allFast(uint8_t *dst, const uint8_t *px, ptrdiff_t stride, int blocks) {
	for (int i = 0; i < blocks; i += LANES * GROUPS) quick(dst + i * 8, px + i * 16, stride, 1, 0);
}

ALONE void allGood(uint8_t *dst, const uint8_t *px, ptrdiff_t stride, int blocks) {
	for (int i = 0; i < blocks; i += LANES * GROUPS) quick(dst + i * 8, px + i * 16, stride, XP_GOOD_STARTS, 1);
}

ALONE void allBest(uint8_t *dst, const uint8_t *px, ptrdiff_t stride, int blocks) {
	for (int i = 0; i < blocks; i += LANES) thorough(dst + i * 8, px + i * 16, stride);
}

// NAME(xp_bc1) encodes a row of blocks, a multiple of 32.
void NAME(xp_bc1)(uint8_t *dst, const uint8_t *px, ptrdiff_t stride, int blocks, int quality) {
	switch (quality) {
	case XP_FAST: allFast(dst, px, stride, blocks); break;
	case XP_GOOD: allGood(dst, px, stride, blocks); break;
	default: allBest(dst, px, stride, blocks);
	}
}

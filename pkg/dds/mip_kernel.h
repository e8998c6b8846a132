// The mip levels of a chunk: included by encode_*.c after bc1_kernel.h; mip.go is the same in Go and says what it is about. Linear light is held
// in planes of one channel.

enum { ALPHA_SHIFT = 14 };

typedef uint32_t Row[4][XP_PLANE];

#ifdef NO_PERMUTE

// rowPairs gives the sums of neighbouring pixels' linear light, by channel.
FN void rowPairs(V sum[4][2], const uint8_t *px) {
	int32_t pair[4][2 * LANES];
	for (int i = 0; i < 2 * LANES; i++, px += 8) {
		for (int c = 0; c < 3; c++) pair[c][i] = xp_linear[px[c]] + xp_linear[px[4 + c]];
		pair[3][i] = (px[3] + px[7]) << ALPHA_SHIFT;
	}
	for (int c = 0; c < 4; c++) sum[c][0] = load(pair[c]), sum[c][1] = load(pair[c] + LANES);
}

// octaves looks up the code values of octaves.
FN void octaves(V scale[2], V octave0, V octave1) {
	uint16_t o[4 * LANES];
	store(o, octave0), store(o + 2 * LANES, octave1);
	for (int i = 0; i < 4 * LANES; i++) o[i] = xp_octave[o[i]];
	scale[0] = load(o), scale[1] = load(o + 2 * LANES);
}

#else

// lightPairs gives the sums of neighbouring pixels' linear light.
FN void lightPairs(V sum[2], V codes) {
	V part = and(shr16(codes, 4), set8(15)), slope = pick16(xp_slope, part), base = pick16(xp_base, part);
	V lo = zip8lo(codes, set8(BASE_UNIT)), hi = zip8hi(codes, set8(BASE_UNIT));
	sum[0] = madd(and(lo, set16(0xff)), maddubs(lo, zip8lo(slope, base)));
	sum[1] = madd(and(hi, set16(0xff)), maddubs(hi, zip8hi(slope, base)));
}

// rowPairs gives the sums of neighbouring pixels' linear light, by channel.
FN void rowPairs(V sum[4][2], const uint8_t *px) {
	V x[4];
	loadPlanes(x, px);
	for (int c = 0; c < 3; c++) lightPairs(sum[c], x[c]);
	sum[3][0] = madd(zip8lo(x[3], set8(0)), set16(1 << ALPHA_SHIFT));
	sum[3][1] = madd(zip8hi(x[3], set8(0)), set16(1 << ALPHA_SHIFT));
}

// octaves looks up the code values of octaves. pick16 gives nothing where an index has its highest bit set.
FN void octaves(V scale[2], V octave0, V octave1) {
	V i = narrow16(octave0, octave1), first = add8(i, set8(0x70)), second = sub8(i, set8(16));
	V low = or(pick16(xp_octave_low, first), pick16(xp_octave_low + 16, second));
	V high = or(pick16(xp_octave_high, first), pick16(xp_octave_high + 16, second));
	scale[0] = zip8lo(low, high), scale[1] = zip8hi(low, high);
}

#endif

// logarithm is the octave of a linear light and eleven bits of the place in it. It may be negative for light below 1.
FN V logarithm(V light) { return sar32(sub32((V)tof(light), set32(127 << 23)), 12); }

// toCodes gives code values in 16 bits.
FN void toCodes(V code[2], const V light[4]) {
	V log[2], scale[2];
	for (int h = 0; h < 2; h++) log[h] = narrow32(logarithm(light[2 * h]), logarithm(light[2 * h + 1]));
	octaves(scale, shr16(log[0], 11), shr16(log[1], 11));
	for (int h = 0; h < 2; h++) {
		V m = shl16(log[h], 5);
		V root = sub16(set16(xp_root[2]), mulhu16(m, set16(xp_root[3])));
		root = sub16(set16(xp_root[1]), mulhu16(m, root));
		root = add16(set16(xp_root[0]), mulhu16(m, root));
		code[h] = shr16(add16(mulhu16(scale[h], root), set16(64)), 7);
	}
}

// fromPixels averages two rows of 2·n pixels.
FN void fromPixels(Row dst, const uint8_t *top, const uint8_t *bottom, int n) {
	for (int x = 0; x < n; x += 2 * LANES) {
		V t[4][2], b[4][2];
		rowPairs(t, top + 8 * x);
		rowPairs(b, bottom + 8 * x);
		for (int c = 0; c < 4; c++)
			for (int h = 0; h < 2; h++) store(dst[c] + x + h * LANES, ordered(shr32(add32(t[c][h], b[c][h]), 2)));
	}
}

// halve averages two rows of linear light into one of n.
FN void halve(Row dst, Row top, Row bottom, int n) {
	for (int c = 0; c < 4; c++) {
		for (int x = 0; x < n; x += LANES) {
			V l = add32(load(top[c] + 2 * x), load(bottom[c] + 2 * x)), r = add32(load(top[c] + 2 * x + LANES), load(bottom[c] + 2 * x + LANES));
			store(dst[c] + x, shr32(pairs(l, r), 2));
		}
	}
}

// toPixels writes a row of n pixels.
FN void toPixels(uint8_t *px, Row lin, int n) {
	for (int x = 0; x < n; x += 4 * LANES) {
		V code[4][2], light[4], out[4];
		for (int c = 0; c < 4; c++) {
			for (int k = 0; k < 4; k++) light[k] = load(lin[c] + x + k * LANES);
			if (c < 3) {
				toCodes(code[c], light);
				continue;
			}
			for (int k = 0; k < 4; k++) light[k] = shr32(add32(light[k], set32(1 << (ALPHA_SHIFT - 1))), ALPHA_SHIFT);
			code[c][0] = narrow32(light[0], light[1]), code[c][1] = narrow32(light[2], light[3]);
		}
		for (int h = 0; h < 2; h++) {
			V rg = or(code[0][h], shl16(code[1][h], 8)), ba = or(code[2][h], shl16(code[3][h], 8));
			out[2 * h] = zip16lo(rg, ba), out[2 * h + 1] = zip16hi(rg, ba);
		}
		if (n >= 4 * LANES) {
			for (int k = 0; k < 4; k++) store(px + 4 * x + k * sizeof(V), out[k]);
		} else {
			memcpy(px, out, 4 * n);
		}
	}
}

// place is where row y of a level stands: level 1 as a picture, the smaller ones as a strip of blocks, each level's after those of the one before.
static uint8_t *place(xp_scratch *s, int level, int y) {
	int before = 0;
	if (level == 1) return s->level1 + y * 128 * 4;
	for (int n = 2; n < level; n++) before += (64 >> n) * (64 >> n);
	return s->strip[y & 3] + (before + (y >> 2) * (64 >> level)) * 16;
}

// NAME(xp_mips) computes all levels from the pixels.
void NAME(xp_mips)(xp_scratch *s) {
	for (int y = 0; y < 128; y++) {
		fromPixels(s->rows[1][y & 1], s->pixels + 2 * y * 1024, s->pixels + (2 * y + 1) * 1024, 128);
		for (int level = 1, row = y;; level++, row >>= 1) {
			Row *rows = s->rows[level];
			toPixels(place(s, level, row), rows[row & 1], 256 >> level);
			if (level == XP_LEVELS - 1) {
				for (int i = 0; i < 16; i++) s->tail[row * 16 + i] = rows[row & 1][i & 3][i >> 2];
				break;
			}
			if (!(row & 1)) break;
			halve(s->rows[level + 1][row >> 1 & 1], rows[0], rows[1], 128 >> level);
		}
	}
}

// The mip levels of a chunk: included by encode_*.c like bc1_kernel.h; mip.go is the same in Go. Linear light is held as integers, in planes of
// one channel; the floats on the way there and back are the same operations in the same order in Go, and what is rounded is never near enough to
// a tie to differ.

// linear is the linear light of code values.
FN V linear(V code) {
#ifdef NO_PERMUTE
	return (V){xp_linear[code[0]], xp_linear[code[1]], xp_linear[code[2]], xp_linear[code[3]]};
#else
	F x = tof(code);
	V octave = shr32((V)x, 23);
	F sum = addf(pick8(xp_cubic2, octave), mulf(x, pick8(xp_cubic3, octave)));
	sum = addf(pick8(xp_cubic1, octave), mulf(x, sum));
	return toi(addf(mulf(x, sum), setf(0.5f)));
#endif
}

// codes is the way back.
FN V codes(V light) {
	F x = tof(min32(max32(light, set32(2)), set32((1 << 24) - 1)));
	F m = (F)or(and((V)x, set32(0x7fffff)), set32(0x3f800000));
	F root = addf(setf(xp_root[2]), mulf(m, setf(xp_root[3])));
	root = addf(setf(xp_root[1]), mulf(m, root));
	root = addf(setf(xp_root[0]), mulf(m, root));
	return toi(addf(mulf(pick24(xp_octave, (V)x), root), setf(0.5f)));
}

typedef uint32_t Row[4][XP_PLANE];

FN V channel(V px, int c) { return c == 3 ? shr32(px, 24) : and(shr32(px, 8 * c), set32(0xff)); }

// fromPixels averages two rows of 2·n pixels.
FN void fromPixels(Row dst, const uint8_t *top, const uint8_t *bottom, int n) {
	for (int x = 0; x < n; x += LANES) {
		V sum[2][4];
		for (int h = 0; h < 2; h++) {
			size_t at = 8 * x + h * sizeof(V);
			V t = load(top + at), b = load(bottom + at);
			for (int c = 0; c < 3; c++) sum[h][c] = add32(linear(channel(t, c)), linear(channel(b, c)));
			sum[h][3] = shl32(add32(channel(t, 3), channel(b, 3)), 16);
		}
		for (int c = 0; c < 4; c++) store(dst[c] + x, shr32(add32(pairs(sum[0][c], sum[1][c]), set32(2)), 2));
	}
}

// halve averages two rows of linear light into one of n.
FN void halve(Row dst, Row top, Row bottom, int n) {
	for (int c = 0; c < 4; c++) {
		for (int x = 0; x < n; x += LANES) {
			V l = add32(load(top[c] + 2 * x), load(bottom[c] + 2 * x)), r = add32(load(top[c] + 2 * x + LANES), load(bottom[c] + 2 * x + LANES));
			store(dst[c] + x, shr32(add32(pairs(l, r), set32(2)), 2));
		}
	}
}

FN void toPixels(uint8_t *px, Row lin, int n) {
	for (int x = 0; x < n; x += LANES) {
		V a = shr32(add32(load(lin[3] + x), set32(0x8000)), 16);
		V v = or(or(codes(load(lin[0] + x)), shl32(codes(load(lin[1] + x)), 8)), or(shl32(codes(load(lin[2] + x)), 16), shl32(a, 24)));
		if (n >= LANES) {
			store(px + 4 * x, v);
			continue;
		}
		uint8_t few[sizeof(V)];
		store(few, v);
		memcpy(px, few, 4 * n);
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

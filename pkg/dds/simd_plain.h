// The operations of the block encoder in plain C, on 128-bit vectors as GCC and Clang know them: four blocks at once. Every lane is one
// block; a name's number is the width in bits of the values inside.
typedef int32_t V __attribute__((vector_size(16)));
typedef uint32_t U32 __attribute__((vector_size(16)));
typedef int16_t S16 __attribute__((vector_size(16)));
typedef uint16_t U16 __attribute__((vector_size(16)));
typedef int8_t S8 __attribute__((vector_size(16)));
typedef uint8_t U8 __attribute__((vector_size(16)));
typedef float F __attribute__((vector_size(16)));
#define LANES 4
#define NO_PERMUTE // a table is faster read directly than through a vector

FN V load(const void *p) {
	V v;
	memcpy(&v, p, sizeof v);
	return v;
}
FN void store(void *p, V a) { memcpy(p, &a, sizeof a); }
FN V set32(int v) { return (V){v, v, v, v}; }
FN V set16(int v) { return set32((int)((unsigned)v << 16 | (v & 0xffff))); }
FN V set8(int v) { return set16((int)((unsigned)v << 8 | (v & 0xff))); }
FN F setf(float v) { return (F){v, v, v, v}; }
FN V and(V a, V b) { return a & b; }
FN V or(V a, V b) { return a | b; }
FN V xor(V a, V b) { return a ^ b; }
FN V pick(V m, V a, V b) { return (a & m) | (b & ~m); } // m ? a : b
FN V add8(V a, V b) { return (V)((U8)a + (U8)b); }
FN V add16(V a, V b) { return (V)((U16)a + (U16)b); }
FN V sub16(V a, V b) { return (V)((U16)a - (U16)b); }
FN V min16(V a, V b) { return pick((V)((S16)a < (S16)b), a, b); }
FN V max16(V a, V b) { return pick((V)((S16)a > (S16)b), a, b); }
FN V mullo16(V a, V b) { return (V)((U16)a * (U16)b); }
FN V add32(V a, V b) { return (V)((U32)a + (U32)b); }
FN V sub32(V a, V b) { return (V)((U32)a - (U32)b); }
FN V mul32(V a, V b) { return (V)((U32)a * (U32)b); }
FN V min32(V a, V b) { return pick(a < b, a, b); }
FN V max32(V a, V b) { return pick(a > b, a, b); }
FN V shl16(V a, int n) { return (V)((U16)a << n); }
FN V shr16(V a, int n) { return (V)((U16)a >> n); }
FN V shl32(V a, int n) { return (V)((U32)a << n); }
FN V shr32(V a, int n) { return (V)((U32)a >> n); }
FN V sar32(V a, int n) { return a >> n; }
FN V low(V a) { return sar32(shl32(a, 16), 16); } // the two signed 16-bit values of a lane
FN V high(V a) { return sar32(a, 16); }
FN V madd(V a, V b) { return add32(mul32(low(a), low(b)), mul32(high(a), high(b))); } // both products of a lane, summed
FN V mulhu16(V a, V b) { // the upper halves of unsigned 16-bit products
	uint16_t x[8], y[8];
	store(x, a), store(y, b);
	for (int i = 0; i < 8; i++) x[i] = (uint16_t)((uint32_t)x[i] * y[i] >> 16);
	return load(x);
}
FN V mulhrs(V a, V b) { // 16-bit products over 32768, rounded
	V l = sar32(add32(mul32(low(a), low(b)), set32(0x4000)), 15), h = sar32(add32(mul32(high(a), high(b)), set32(0x4000)), 15);
	return or(and(l, set32(0xffff)), shl32(h, 16));
}
FN V maddubs(V a, V b) { // products of unsigned and signed bytes, neighbours summed to 16 bits; never large enough to saturate here
	U16 even = (U16)(and(a, set16(0xff))) * (U16)((S16)shl16(b, 8) >> 8), odd = ((U16)a >> 8) * (U16)((S16)b >> 8);
	return (V)(even + odd);
}
// count8 and count16 add 1 to w where t > h.
FN V count8(V w, V t, V h) { return (V)((U8)w - (U8)((S8)t > (S8)h)); }
FN V count16(V w, V t, V h) { return (V)((U16)w - (U16)((S16)t > (S16)h)); }
typedef V M;
FN M gt32(V a, V b) { return a > b; }
FN M eq32(V a, V b) { return a == b; }
FN M gtf(F a, F b) { return (M)(a > b); }
FN int any(M m) { return (m[0] | m[1] | m[2] | m[3]) != 0; }
FN F pickf(M m, F a, F b) { return (F)pick(m, (V)a, (V)b); }
FN F addf(F a, F b) { return a + b; }
FN F subf(F a, F b) { return a - b; }
FN F mulf(F a, F b) { return a * b; }
FN F divf(F a, F b) { return a / b; }
FN F minf(F a, F b) { return pickf((M)(a < b), a, b); }
FN F maxf(F a, F b) { return pickf((M)(a > b), a, b); }
FN F absf(F a) { return (F)and((V)a, set32(0x7fffffff)); }
FN F tof(V a) { return __builtin_convertvector(a, F); }
FN V toi(F a) { return __builtin_convertvector(a, V); } // towards zero
FN V spread16(V a) { return or(and(a, set32(0xffff)), shl32(a, 16)); } // the lower half of every lane in both
FN V spread8(V a) { // the lowest byte of every lane in all four
	V b = and(a, set32(0xff));
	return spread16(or(b, shl32(b, 8)));
}
FN V planar(V a) { // in every four pixels, the four bytes of each channel together
	return (V)__builtin_shufflevector((U8)a, (U8)a, 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
}
FN V zip8lo(V a, V b) { return (V)__builtin_shufflevector((U8)a, (U8)b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23); }
FN V zip8hi(V a, V b) { return (V)__builtin_shufflevector((U8)a, (U8)b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31); }
FN V zip16lo(V a, V b) { return (V)__builtin_shufflevector((U16)a, (U16)b, 0, 8, 1, 9, 2, 10, 3, 11); }
FN V zip16hi(V a, V b) { return (V)__builtin_shufflevector((U16)a, (U16)b, 4, 12, 5, 13, 6, 14, 7, 15); }
FN V zip32lo(V a, V b) { return __builtin_shufflevector(a, b, 0, 4, 1, 5); }
FN V zip32hi(V a, V b) { return __builtin_shufflevector(a, b, 2, 6, 3, 7); }
FN V zip64lo(V a, V b) { return __builtin_shufflevector(a, b, 0, 1, 4, 5); }
FN V zip64hi(V a, V b) { return __builtin_shufflevector(a, b, 2, 3, 6, 7); }
FN V ordered(V a) { return a; } // blocks back in their order after zip32
FN V pairs(V a, V b) { return add32(__builtin_shufflevector(a, b, 0, 2, 4, 6), __builtin_shufflevector(a, b, 1, 3, 5, 7)); } // sums of neighbouring lanes
FN V narrow32(V a, V b) { // 32-bit values in 16 bits, what is negative as 0; never too large here
	V l = and(a, ~sar32(a, 31)), h = and(b, ~sar32(b, 31));
	return (V)__builtin_shufflevector((U16)l, (U16)h, 0, 2, 4, 6, 8, 10, 12, 14);
}

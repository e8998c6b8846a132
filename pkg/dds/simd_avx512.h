// The operations of the block encoder on 512-bit vectors: sixteen blocks at once. simd_plain.h says in C what each one does.
typedef __m512i V;
typedef __m512 F;
#define LANES 16

FN V load(const void *p) { return _mm512_loadu_si512(p); }
FN void store(void *p, V a) { _mm512_storeu_si512(p, a); }
FN V set8(int v) { return _mm512_set1_epi8((char)v); }
FN V set16(int v) { return _mm512_set1_epi16((short)v); }
FN V set32(int v) { return _mm512_set1_epi32(v); }
FN F setf(float v) { return _mm512_set1_ps(v); }
FN V and(V a, V b) { return _mm512_and_si512(a, b); }
FN V or(V a, V b) { return _mm512_or_si512(a, b); }
FN V xor(V a, V b) { return _mm512_xor_si512(a, b); }
FN V add8(V a, V b) { return _mm512_add_epi8(a, b); }
FN V sub8(V a, V b) { return _mm512_sub_epi8(a, b); }
FN V add16(V a, V b) { return _mm512_add_epi16(a, b); }
FN V sub16(V a, V b) { return _mm512_sub_epi16(a, b); }
FN V min16(V a, V b) { return _mm512_min_epi16(a, b); }
FN V max16(V a, V b) { return _mm512_max_epi16(a, b); }
FN V mullo16(V a, V b) { return _mm512_mullo_epi16(a, b); }
FN V mulhu16(V a, V b) { return _mm512_mulhi_epu16(a, b); }
FN V mulhrs(V a, V b) { return _mm512_mulhrs_epi16(a, b); }
FN V maddubs(V a, V b) { return _mm512_maddubs_epi16(a, b); }
FN V madd(V a, V b) { return _mm512_madd_epi16(a, b); }
FN V add32(V a, V b) { return _mm512_add_epi32(a, b); }
FN V sub32(V a, V b) { return _mm512_sub_epi32(a, b); }
FN V mul32(V a, V b) { return _mm512_mullo_epi32(a, b); }
FN V min32(V a, V b) { return _mm512_min_epi32(a, b); }
FN V max32(V a, V b) { return _mm512_max_epi32(a, b); }
#define shl16(a, n) _mm512_slli_epi16(a, n)
#define shr16(a, n) _mm512_srli_epi16(a, n)
#define shl32(a, n) _mm512_slli_epi32(a, n)
#define shr32(a, n) _mm512_srli_epi32(a, n)
#define sar32(a, n) _mm512_srai_epi32(a, n)
// count8 and count16 add 1 to w where t > h.
FN V count8(V w, V t, V h) { return _mm512_mask_sub_epi8(w, _mm512_cmpgt_epi8_mask(t, h), w, _mm512_set1_epi8(-1)); }
FN V count16(V w, V t, V h) { return _mm512_mask_sub_epi16(w, _mm512_cmpgt_epi16_mask(t, h), w, _mm512_set1_epi16(-1)); }
typedef __mmask16 M;
FN M gt32(V a, V b) { return _mm512_cmpgt_epi32_mask(a, b); }
FN M eq32(V a, V b) { return _mm512_cmpeq_epi32_mask(a, b); }
FN M gtf(F a, F b) { return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ); }
FN V pick(M m, V a, V b) { return _mm512_mask_blend_epi32(m, b, a); } // m ? a : b
FN F pickf(M m, F a, F b) { return _mm512_mask_blend_ps(m, b, a); }
FN int any(M m) { return m != 0; }
FN F addf(F a, F b) { return _mm512_add_ps(a, b); }
FN F subf(F a, F b) { return _mm512_sub_ps(a, b); }
FN F mulf(F a, F b) { return _mm512_mul_ps(a, b); }
FN F divf(F a, F b) { return _mm512_div_ps(a, b); }
FN F minf(F a, F b) { return _mm512_min_ps(a, b); }
FN F maxf(F a, F b) { return _mm512_max_ps(a, b); }
FN F absf(F a) { return _mm512_abs_ps(a); }
FN F tof(V a) { return _mm512_cvtepi32_ps(a); }
FN V toi(F a) { return _mm512_cvttps_epi32(a); } // towards zero
FN V spread8(V a) { // the lowest byte of every lane in all four
	return _mm512_shuffle_epi8(a, _mm512_broadcast_i32x4(_mm_set_epi8(12, 12, 12, 12, 8, 8, 8, 8, 4, 4, 4, 4, 0, 0, 0, 0)));
}
FN V spread16(V a) { // the lower half of every lane in both
	return _mm512_shuffle_epi8(a, _mm512_broadcast_i32x4(_mm_set_epi8(13, 12, 13, 12, 9, 8, 9, 8, 5, 4, 5, 4, 1, 0, 1, 0)));
}
FN V planar(V a) { // in every four pixels, the four bytes of each channel together
	return _mm512_shuffle_epi8(a, _mm512_broadcast_i32x4(_mm_set_epi8(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0)));
}
FN V zip8lo(V a, V b) { return _mm512_unpacklo_epi8(a, b); }
FN V zip8hi(V a, V b) { return _mm512_unpackhi_epi8(a, b); }
FN V zip16lo(V a, V b) { return _mm512_unpacklo_epi16(a, b); }
FN V zip16hi(V a, V b) { return _mm512_unpackhi_epi16(a, b); }
FN V zip32lo(V a, V b) { return _mm512_unpacklo_epi32(a, b); }
FN V zip32hi(V a, V b) { return _mm512_unpackhi_epi32(a, b); }
FN V zip64lo(V a, V b) { return _mm512_unpacklo_epi64(a, b); }
FN V zip64hi(V a, V b) { return _mm512_unpackhi_epi64(a, b); }
FN V ordered(V a) { return _mm512_permutexvar_epi64(_mm512_set_epi64(7, 5, 3, 1, 6, 4, 2, 0), a); } // blocks back in their order after zip32
FN V pairs(V a, V b) { // sums of neighbouring lanes: those of a, then those of b
	V even = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
	return add32(_mm512_permutex2var_epi32(a, even, b), _mm512_permutex2var_epi32(a, or(even, set32(1)), b));
}
FN V pick16(const void *t, V i) { // from a table of 16 bytes, or 0 where an index has its highest bit set
	return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(_mm_loadu_si128(t)), i);
}
FN V narrow32(V a, V b) { return _mm512_packus_epi32(a, b); } // 32-bit values in 16 bits, what is too large or too small at the limit
FN V narrow16(V a, V b) { return _mm512_packus_epi16(a, b); } // the same of 16-bit values in 8

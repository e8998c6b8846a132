// The operations of the block encoder on 256-bit vectors: eight blocks at once. simd_plain.h says in C what each one does.
typedef __m256i V;
typedef __m256 F;
#define LANES 8

FN V load(const void *p) { return _mm256_loadu_si256(p); }
FN void store(void *p, V a) { _mm256_storeu_si256(p, a); }
FN V set8(int v) { return _mm256_set1_epi8((char)v); }
FN V set16(int v) { return _mm256_set1_epi16((short)v); }
FN V set32(int v) { return _mm256_set1_epi32(v); }
FN F setf(float v) { return _mm256_set1_ps(v); }
FN V and(V a, V b) { return _mm256_and_si256(a, b); }
FN V or(V a, V b) { return _mm256_or_si256(a, b); }
FN V xor(V a, V b) { return _mm256_xor_si256(a, b); }
FN V add8(V a, V b) { return _mm256_add_epi8(a, b); }
FN V sub8(V a, V b) { return _mm256_sub_epi8(a, b); }
FN V add16(V a, V b) { return _mm256_add_epi16(a, b); }
FN V sub16(V a, V b) { return _mm256_sub_epi16(a, b); }
FN V min16(V a, V b) { return _mm256_min_epi16(a, b); }
FN V max16(V a, V b) { return _mm256_max_epi16(a, b); }
FN V mullo16(V a, V b) { return _mm256_mullo_epi16(a, b); }
FN V mulhu16(V a, V b) { return _mm256_mulhi_epu16(a, b); }
FN V mulhrs(V a, V b) { return _mm256_mulhrs_epi16(a, b); }
FN V maddubs(V a, V b) { return _mm256_maddubs_epi16(a, b); }
FN V madd(V a, V b) { return _mm256_madd_epi16(a, b); }
FN V add32(V a, V b) { return _mm256_add_epi32(a, b); }
FN V sub32(V a, V b) { return _mm256_sub_epi32(a, b); }
FN V mul32(V a, V b) { return _mm256_mullo_epi32(a, b); }
FN V min32(V a, V b) { return _mm256_min_epi32(a, b); }
FN V max32(V a, V b) { return _mm256_max_epi32(a, b); }
#define shl16(a, n) _mm256_slli_epi16(a, n)
#define shr16(a, n) _mm256_srli_epi16(a, n)
#define shl32(a, n) _mm256_slli_epi32(a, n)
#define shr32(a, n) _mm256_srli_epi32(a, n)
#define sar32(a, n) _mm256_srai_epi32(a, n)
// count8 and count16 add 1 to w where t > h.
FN V count8(V w, V t, V h) { return _mm256_sub_epi8(w, _mm256_cmpgt_epi8(t, h)); }
FN V count16(V w, V t, V h) { return _mm256_sub_epi16(w, _mm256_cmpgt_epi16(t, h)); }
typedef V M;
FN M gt32(V a, V b) { return _mm256_cmpgt_epi32(a, b); }
FN M eq32(V a, V b) { return _mm256_cmpeq_epi32(a, b); }
FN M gtf(F a, F b) { return _mm256_castps_si256(_mm256_cmp_ps(a, b, _CMP_GT_OQ)); }
FN V pick(M m, V a, V b) { return _mm256_blendv_epi8(b, a, m); } // m ? a : b
FN F pickf(M m, F a, F b) { return _mm256_blendv_ps(b, a, _mm256_castsi256_ps(m)); }
FN int any(M m) { return !_mm256_testz_si256(m, m); }
FN F addf(F a, F b) { return _mm256_add_ps(a, b); }
FN F subf(F a, F b) { return _mm256_sub_ps(a, b); }
FN F mulf(F a, F b) { return _mm256_mul_ps(a, b); }
FN F divf(F a, F b) { return _mm256_div_ps(a, b); }
FN F minf(F a, F b) { return _mm256_min_ps(a, b); }
FN F maxf(F a, F b) { return _mm256_max_ps(a, b); }
FN F absf(F a) { return _mm256_and_ps(a, _mm256_castsi256_ps(_mm256_set1_epi32(0x7fffffff))); }
FN F tof(V a) { return _mm256_cvtepi32_ps(a); }
FN V toi(F a) { return _mm256_cvttps_epi32(a); } // towards zero
FN V spread8(V a) { // the lowest byte of every lane in all four
	return _mm256_shuffle_epi8(a, _mm256_set_epi8(12, 12, 12, 12, 8, 8, 8, 8, 4, 4, 4, 4, 0, 0, 0, 0, 12, 12, 12, 12, 8, 8, 8, 8, 4, 4, 4, 4, 0, 0, 0, 0));
}
FN V spread16(V a) { // the lower half of every lane in both
	return _mm256_shuffle_epi8(a, _mm256_set_epi8(13, 12, 13, 12, 9, 8, 9, 8, 5, 4, 5, 4, 1, 0, 1, 0, 13, 12, 13, 12, 9, 8, 9, 8, 5, 4, 5, 4, 1, 0, 1, 0));
}
FN V planar(V a) { // in every four pixels, the four bytes of each channel together
	return _mm256_shuffle_epi8(a, _mm256_set_epi8(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0, 15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0));
}
FN V zip8lo(V a, V b) { return _mm256_unpacklo_epi8(a, b); }
FN V zip8hi(V a, V b) { return _mm256_unpackhi_epi8(a, b); }
FN V zip16lo(V a, V b) { return _mm256_unpacklo_epi16(a, b); }
FN V zip16hi(V a, V b) { return _mm256_unpackhi_epi16(a, b); }
FN V zip32lo(V a, V b) { return _mm256_unpacklo_epi32(a, b); }
FN V zip32hi(V a, V b) { return _mm256_unpackhi_epi32(a, b); }
FN V zip64lo(V a, V b) { return _mm256_unpacklo_epi64(a, b); }
FN V zip64hi(V a, V b) { return _mm256_unpackhi_epi64(a, b); }
FN V ordered(V a) { return _mm256_permute4x64_epi64(a, 0xD8); } // blocks back in their order after zip32
FN V pairs(V a, V b) { // sums of neighbouring lanes: those of a, then those of b
	F l = _mm256_castsi256_ps(a), r = _mm256_castsi256_ps(b);
	V even = _mm256_castps_si256(_mm256_shuffle_ps(l, r, 0x88)), odd = _mm256_castps_si256(_mm256_shuffle_ps(l, r, 0xDD));
	return ordered(add32(even, odd));
}
FN V pick16(const void *t, V i) { // from a table of 16 bytes, or 0 where an index has its highest bit set
	return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_loadu_si128(t)), i);
}
FN V narrow32(V a, V b) { return _mm256_packus_epi32(a, b); } // 32-bit values in 16 bits, what is too large or too small at the limit
FN V narrow16(V a, V b) { return _mm256_packus_epi16(a, b); } // the same of 16-bit values in 8

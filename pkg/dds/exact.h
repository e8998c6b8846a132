// Included first by every file that calculates with floats: a multiplication and an addition stay two operations, each rounded, as they are
// in Go. (cgo does not let -ffp-contract=off through.)
#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#else
#pragma GCC optimize("fp-contract=off")
#endif
